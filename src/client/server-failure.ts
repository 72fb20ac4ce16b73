/** From an answer that is no success to the error that says so. */
import { Denied, NotFound, Refused, TryLater } from "./errors.ts";
import { isJsonObject } from "../oci/descriptor.ts";
import { parseJsonObject, textOf } from "./json-object.ts";
import { printable } from "./printable.ts";
import type { WholeAnswer } from "./transport.ts";

export interface Asked {
  /** As people know the server. */
  readonly server: string;
  /** What to do when the credentials are no good, or there are none. */
  readonly next: string;
}

/** @returns {@link Denied}, {@link NotFound}, {@link TryLater} or {@link Refused}; all tell status, code and message of the server. */
export function failureOf(
  answer: WholeAnswer,
  { server, next }: Asked,
): Denied | NotFound | TryLater | Refused {
  const { status, headers } = answer;
  const said = `${server} answered ${told(answer)}`;
  if (status === 401) return new Denied(`${said}\n  ${next}`);
  if (status === 403) return new Denied(said);
  if (status === 404) return new NotFound(said);
  if (status === 429 || status === 503) {
    const seconds = secondsOf(headers["retry-after"]);
    const when = seconds === undefined ? "later" : `in ${seconds} seconds`;
    return new TryLater(`${said}\n  try again ${when}`, seconds);
  }
  const place = headers.location;
  const isElsewhere = status >= 300 && status < 400 && place !== undefined;
  return new Refused(isElsewhere ? `${said}\n  it points to ${printable(place)}` : said);
}

function told({ status, text }: WholeAnswer): string {
  const body = parseJsonObject(text);
  const errors = body?.["errors"];
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const error = isJsonObject(first) ? first : undefined;
  // Token servers may answer in the words of OAuth.
  const code = error === undefined ? body && textOf(body, "error") : textOf(error, "code");
  const message = error === undefined ? body && details(body) : textOf(error, "message");
  const problems = error === undefined ? [] : problemsOf(error["detail"]);
  const parts = [code, message, ...problems].filter((part) => part !== undefined);
  return printable([status, ...(parts.length === 0 ? [] : [parts.join(": ")])].join(" "));
}

function details(body: Readonly<Record<string, unknown>>): string | undefined {
  return textOf(body, "error_description") ?? textOf(body, "details");
}

/** What is wrong with the request, place by place, as Barge tells it. */
function problemsOf(detail: unknown): readonly string[] {
  const items = Array.isArray(detail) ? detail.filter(isJsonObject) : [];
  return items.flatMap((item) => {
    const message = textOf(item, "message");
    return message === undefined ? [] : [`${textOf(item, "path") ?? ""} ${message}`.trim()];
  });
}

function secondsOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}
