/**
 * What a page must have for people who cannot see it, or see it badly, or have no mouse: looked at in the browser, as it
 * is laid out and coloured there.
 */

/** As much of the browser's interfaces as is used here. */
interface Style {
  readonly color: string;
  readonly backgroundColor: string;
  readonly borderTopColor: string;
  readonly borderTopWidth: string;
  readonly display: string;
  readonly visibility: string;
  readonly opacity: string;
  readonly fontSize: string;
  readonly fontWeight: string;
  readonly outlineStyle: string;
  readonly outlineWidth: string;
  readonly outlineColor: string;
}
interface Element {
  readonly tagName: string;
  readonly id: string;
  readonly textContent: string;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string }>;
  readonly parentElement: Element | null;
  readonly previousElementSibling: Element | null;
  readonly labels?: Iterable<Element>;
  getAttribute(name: string): string | null;
  closest(selector: string): Element | null;
  getBoundingClientRect(): {
    readonly width: number;
    readonly height: number;
    readonly top: number;
    readonly bottom: number;
  };
}
declare const document: {
  readonly title: string;
  readonly activeElement: Element;
  readonly documentElement: Element & { readonly scrollWidth: number; readonly clientWidth: number };
  querySelectorAll(selector: string): Iterable<Element>;
  getElementById(id: string): Element | null;
};
declare function getComputedStyle(element: Element): Style;

/**
 * Everything that is wrong with the page that is open, in words. Runs in the browser, so it uses nothing from outside
 * itself.
 */
export function auditPage(): string[] {
  const problems: string[] = [];
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  const named = (element: Element) =>
    `<${element.tagName.toLowerCase()}> "${element.textContent.trim().replace(/\s+/gu, " ").slice(0, 60)}"`;
  const isShown = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    const { visibility, opacity } = getComputedStyle(element);
    return width > 0 && height > 0 && visibility === "visible" && opacity !== "0";
  };

  // Structure: what screen readers announce and jump by.
  if (!document.documentElement.getAttribute("lang")) problems.push("The page has no language");
  if (document.title.trim() === "") problems.push("The page has no title");
  const headings = all("h1, h2, h3, h4, h5, h6").filter(isShown);
  const firsts = headings.filter(({ tagName }) => tagName === "H1").length;
  if (firsts !== 1) problems.push(`The page has ${firsts} first headings`);
  let level = 0;
  for (const heading of headings) {
    const next = Number(heading.tagName.slice(1));
    if (next > level + 1) problems.push(`A heading skips a level: ${named(heading)}`);
    if (heading.textContent.trim() === "") problems.push("A heading is empty");
    level = next;
  }
  if (all("main").length !== 1) problems.push(`The page has ${all("main").length} main landmarks`);
  for (const text of all("p, li, dt, dd, h1, h2, form, table")) {
    if (text.closest("main, header, footer, nav") === null) {
      problems.push(`Outside every landmark: ${named(text)}`);
    }
  }
  const ids = all("[id]").map(({ id }) => id);
  for (const id of ids.filter((each, at) => ids.indexOf(each) !== at)) problems.push(`Two have the id ${id}`);
  for (const element of all("[aria-labelledby], [aria-describedby], label[for]")) {
    const named = ["aria-labelledby", "aria-describedby", "for"].map((name) => element.getAttribute(name));
    for (const id of named.join(" ").split(/\s+/u).filter(Boolean)) {
      if (document.getElementById(id) === null) problems.push(`Nothing has the id ${id} that is referred to`);
    }
  }

  // Controls: each has a name, and is large enough for a finger.
  for (const control of all("a[href], button, input:not([type=hidden]), textarea, select, iframe").filter(
    isShown,
  )) {
    const labels = [...(control.labels ?? [])].map(({ textContent }) => textContent);
    const own = control.tagName === "A" || control.tagName === "BUTTON" ? control.textContent : "";
    const name = [control.getAttribute("aria-label"), control.getAttribute("title"), own, ...labels];
    if (name.every((text) => (text ?? "").trim() === "")) problems.push(`No name: ${named(control)}`);
    const { width, height } = control.getBoundingClientRect();
    const isInText = control.tagName === "A" && getComputedStyle(control).display === "inline";
    if (!isInText && (width < 24 || height < 24)) problems.push(`Too small to hit: ${named(control)}`);
  }

  // Contrast: WCAG 2, level AA, of all text that is shown, and of the edges of what is filled in.
  const channels = (colour: string) => (/\(([^)]*)\)/u.exec(colour)?.[1] ?? "").split(/[\s,/]+/u).map(Number);
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one: string, other: string) => {
    const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element: Element | null): string => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    return channels(backgroundColor)[3] === 0 ? ground(element.parentElement) : backgroundColor;
  };
  const expectContrast = (what: string, colours: readonly [string, string], least: number) => {
    const is = contrast(...colours);
    if (is < least) {
      problems.push(`${what} has a contrast of ${is.toFixed(2)}, not ${least}: ${colours.join(" on ")}`);
    }
  };
  for (const element of all("body *").filter(isShown)) {
    const isText = [...element.childNodes].some(
      ({ nodeType, textContent }) => nodeType === 3 && textContent.trim() !== "",
    );
    if (!isText) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const size = Number.parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    const isButton = element.closest("button, .button, .press") !== null;
    expectContrast(named(element), [color, ground(element)], isLarge && !isButton ? 3 : 4.5);
  }
  for (const field of all("textarea, input:not([type=hidden])").filter(isShown)) {
    expectContrast(
      `The edge of ${named(field)}`,
      [getComputedStyle(field).borderTopColor, ground(field.parentElement)],
      3,
    );
  }

  // A heading or a field that sticks to what is above it looks like a part of that.
  for (const element of all("main h2, main h3, main .field").filter(isShown)) {
    const above = element.previousElementSibling;
    // A legend is a part of what follows it.
    if (above === null || above.tagName === "LEGEND" || !isShown(above)) continue;
    const { top, bottom } = above.getBoundingClientRect();
    const here = element.getBoundingClientRect().top;
    if (here >= bottom && here - bottom < 8 && here > top)
      problems.push(`${named(element)} is ${Math.round(here - bottom)} px below ${named(above)}`);
  }

  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth)
    problems.push(`The page is ${scrollWidth} wide in a window of ${clientWidth}`);
  return problems;
}

/** For `evaluateHandle`. */
export function focusedElement(): unknown {
  return document.activeElement;
}

/** Whether another element has the focus than this one. */
export function isFocusElsewhere(element: unknown): boolean {
  return document.activeElement !== element;
}

/** What has the keyboard's focus, and what keeps that from being seen. Runs in the browser like `auditPage()`. */
export function focused(): {
  readonly tag: string;
  readonly text: string;
  readonly problem: string | undefined;
} {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  // "auto" is the browser's own ring, as wide as it finds right.
  const isMarked =
    outlineStyle === "auto" || (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2);
  return {
    tag: element.tagName.toLowerCase(),
    text: (element.getAttribute("title") ?? element.textContent).trim().replace(/\s+/gu, " "),
    problem: isMarked ? undefined : `The focus is drawn as ${outlineStyle} ${outlineWidth}`,
  };
}
