import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { S3Settings } from "../../storage-drivers/s3/s3-settings.ts";
import { s3SettingsFor } from "../fixtures/versitygw.ts";

/** A request as the scripted server saw it; the bucket's name is cut off the path. */
interface SeenRequest {
  readonly method: string;
  /** The path with its query: `/a/b?uploads=`. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** What the server says to a request; one that does nothing never answers. */
export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A server that says to an S3 client whatever a test wants. */
export interface ScriptedS3 {
  readonly settings: S3Settings;
  readonly seen: SeenRequest[];
}

const BUCKET = "scripted";

/** Starts it on a free port of 127.0.0.1. @param resources closes it with all its connections. */
export async function openScriptedS3(
  resources: AsyncDisposableStack,
  answer: Answer,
): Promise<ScriptedS3> {
  const seen: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const body = Buffer.concat(await Array.fromAsync(incoming)).toString();
      const path = (incoming.url ?? "").replace(`/${BUCKET}`, "");
      const request = { method: incoming.method ?? "", path, headers: incoming.headers, body };
      seen.push(request);
      answer(request, response);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port was given");
  const endpoint = new URL(`http://127.0.0.1:${address.port}`);
  return { settings: s3SettingsFor({ endpoint }, BUCKET), seen };
}

/** Answers with XML. */
export function sendXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
}

/** Answers with an error of S3. */
export function sendError(response: ServerResponse, status: number, code: string): void {
  sendXml(response, status, `<Error><Code>${code}</Code><Message>planted</Message></Error>`);
}

/** One page of a listing; `next` makes it say that there is more. */
export function sendPage(
  response: ServerResponse,
  keys: readonly string[],
  { next, isTruncated = next !== undefined }: { next?: string; isTruncated?: boolean } = {},
): void {
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`);
  const token = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  const xml = `<IsTruncated>${isTruncated}</IsTruncated>${token}${contents.join("")}`;
  sendXml(response, 200, `<ListBucketResult>${xml}</ListBucketResult>`);
}
