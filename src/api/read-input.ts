/** What a request says: taken only when all of it is understood, for a member that is passed over may be what somebody relied on. */
import type { z } from "zod";
import { JsonRefused, parseStrictJson } from "../lib/strict-json.ts";
import { BodyTooLarge, InputInvalid, MediaTypeUnknown } from "./errors.ts";

export const MAX_BODY_BYTES = 64 * 1024;

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;
const JSON_LIMITS = { maxDepth: 16, maxValues: 10_000 };

/** @throws {InputInvalid} */
export function parsedInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: "body" | "query",
): z.output<Schema> {
  const { data, error } = schema.safeParse(input);
  if (error === undefined) return data;
  const problems = error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  throw new InputInvalid(`the ${what} is not what this address takes`, problems);
}

/**
 * The parameters by name; those of `lists` may come more than once.
 * @throws {InputInvalid} when another one does.
 */
export function queryMembers(
  parameters: URLSearchParams,
  lists: readonly string[],
): Readonly<Record<string, unknown>> {
  const names = new Set(parameters.keys());
  const members = [...names].map((name): readonly [string, unknown] => {
    const values = parameters.getAll(name);
    if (lists.includes(name)) return [name, values];
    if (values.length > 1) throw new InputInvalid(`the parameter ${name} is there twice`);
    return [name, values[0]];
  });
  return Object.fromEntries(members);
}

/**
 * The JSON of the body. @param options.isOptional whether an empty body, of whatever type, is as good as `{}`.
 * @throws {InputInvalid} {BodyTooLarge} {MediaTypeUnknown}
 */
export async function readJson(
  request: Request,
  { isOptional }: { readonly isOptional: boolean },
): Promise<unknown> {
  const type = request.headers.get("content-type");
  const isJson = type !== null && JSON_TYPE.test(type);
  const bytes = await readCapped(request);
  if (bytes.byteLength === 0 && isOptional) return {};
  if (!isJson) throw new MediaTypeUnknown();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return parseStrictJson(text, JSON_LIMITS);
  } catch (error) {
    if (error instanceof JsonRefused) throw new InputInvalid(`the body: ${error.message}`);
    if (error instanceof TypeError) throw new InputInvalid("the body is not text in UTF-8");
    throw error;
  }
}

/**
 * The whole body. The library's own limit takes requests of the web's kind alone, which those of a server are not.
 * @param signal gives up waiting for more of it. What it throws then is the reason.
 * @throws {BodyTooLarge}
 */
export async function readCapped(
  { headers, body }: Request,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (Number(headers.get("content-length") ?? 0) > MAX_BODY_BYTES)
    throw new BodyTooLarge(MAX_BODY_BYTES);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunksOf(body, signal)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_BODY_BYTES) throw new BodyTooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Without a word to the stream when it is given up: that would end the connection before the answer. */
async function* chunksOf(body: Request["body"], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await Promise.race([reader.read(), aborted.promise]);
      if (done) return;
      yield value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (signal?.aborted !== true) await reader.cancel();
  }
}
