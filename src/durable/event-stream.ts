/** The data of each event in a `text/event-stream` body, joined as the format says. Other fields are not used here. */
export async function* eventData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines(body)) {
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
    } else if (line === "data" || line.startsWith("data:")) {
      data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}

/** No message of the protocol is as large as this. */
const LINE_CHARS_MAX = 16 * 1024 * 1024;

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LINE_CHARS_MAX) throw new Error("Event stream has a line that is too long");
    // A CR at the end may be the first half of a CRLF: it waits for the next chunk.
    const ready = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
    const parts = ready.split(/\r\n|\n|\r/);
    const last = parts.pop() ?? "";
    yield* parts;
    rest = last + rest.slice(ready.length);
  }
}
