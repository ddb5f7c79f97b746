/** What the routes of a requester's pages answer with: the approval, the forms, and that somebody came too late. */
import type { Response } from "express";
import type { Person } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import type { Course } from "../../approval/course.ts";
import { knownTime } from "../../durable/engine-time.ts";
import { readCourse } from "../../service/approvals/question.ts";
import { unreachedBallots } from "../../service/approvals/returned.ts";
import type { ActForm } from "../pages/act-form.ts";
import { type ChangeForm, filledWith } from "../pages/change-form.ts";
import type { ActPage, ChangePage, RequestActs, RequestPage } from "../pages/page.ts";
import { changesAskedIn, requestActsOf, requestPageOf } from "../pages/request-page.ts";
import type { OwnPageOptions } from "./revoke-page.ts";
import type { Way } from "./way.ts";

/** An approval, and how the person who asked for it has come to it. */
export interface Asked {
  readonly course: Course;
  readonly requester: Person;
  readonly way: Way;
}

export function actsOf({ course, way }: Asked): RequestActs | undefined {
  return requestActsOf(course, way.path);
}

export async function showRequest(
  options: OwnPageOptions,
  res: Response,
  asked: Asked,
  notice?: RequestPage["notice"],
): Promise<void> {
  const { course, requester, way } = asked;
  const press = options.newNonce();
  const unreached = await unreachedBallots(options.durable, course);
  const nowMs = knownTime(options);
  const page = requestPageOf(course, { requester, path: way.path, press, unreached, nowMs });
  const data = { ...page, ...(notice && { notice }), ...visitorOf(way) };
  const status = notice === undefined || notice.kind === "reminded" ? 200 : 409;
  options.pages.render(res, { status, view: "request", data });
}

/** The page as the approval is stored now. */
export async function showNow(
  options: OwnPageOptions,
  res: Response,
  asked: Asked,
  notice: RequestPage["notice"],
): Promise<void> {
  const course = (await readCourse(options.durable, asked.course.root.id)) ?? asked.course;
  await showRequest(options, res, { ...asked, course }, notice);
}

export function tooLate(
  options: OwnPageOptions,
  res: Response,
  asked: Asked,
  kind: "cancel" | "change" | "extend",
): Promise<void> {
  return showNow(options, res, asked, { kind });
}

export function showForm(
  { pages, newNonce }: OwnPageOptions,
  res: Response,
  { course, requester, way }: Asked,
  {
    act,
    form,
    refused,
    instead,
  }: {
    readonly act: "cancel" | "extend" | "replace";
    readonly form?: ActForm;
    readonly refused?: ActPage["refused"];
    readonly instead?: Person;
  },
): void {
  pages.render(res, {
    status: form === undefined ? 200 : 422,
    view: "act",
    data: {
      act,
      reader: requester,
      title: course.request.title,
      reference: course.root.id,
      back: way.path,
      ...visitorOf(way),
      values: form?.values ?? new Map(),
      faults: form?.faults ?? new Map(),
      press: newNonce(),
      ...(refused && { refused }),
      ...(instead && { instead }),
    },
  });
}

export function showChange(
  options: OwnPageOptions,
  res: Response,
  asked: Asked,
  {
    form,
    refused,
    isSame = false,
  }: { readonly form?: ChangeForm; readonly refused?: ChangePage["refused"]; readonly isSame?: boolean },
): void {
  const { course, requester, way } = asked;
  const changes = changesAskedIn(course);
  const isWrong = form !== undefined && (form.faults.size > 0 || isSame || refused !== undefined);
  const preview = form === undefined || isWrong || !form.isConfirmed ? {} : { preview: form };
  options.pages.render(res, {
    status: isWrong ? 422 : 200,
    view: "change",
    data: {
      requester,
      title: course.request.title,
      reference: course.root.id,
      back: way.path,
      ...visitorOf(way),
      values: form?.values ?? filledWith(contentOf(course.request)),
      faults: form?.faults ?? new Map(),
      press: options.newNonce(),
      ...(changes && { changes }),
      ...(refused && { refused }),
      isSame,
      ...preview,
    },
  });
}

function visitorOf({ visitor }: Way): Pick<Way, "visitor"> {
  return visitor === undefined ? {} : { visitor };
}
