/** Parts of a blob and conditional reads, RFC 9110 sections 13 and 14. */
import assert from "node:assert/strict";

import { ALGORITHMS, newBlob, type Algorithm, type Blob } from "../documents.ts";
import { expectBytes, expectContent, expectHeader, expectStatus } from "../expectations.ts";
import { rowsOf, type Row, type RowBody } from "../row.ts";

const SIZE_BYTES = 2048;

interface Part {
  readonly range: string;
  readonly first: number;
  readonly last: number;
}

const PARTS: readonly Part[] = [
  { range: "500-1499", first: 500, last: 1499 },
  { range: "500-", first: 500, last: 2047 },
  { range: "-500", first: 1548, last: 2047 },
  { range: "2000-5000", first: 2000, last: 2047 },
  { range: "0-0", first: 0, last: 0 },
  { range: "-5000", first: 0, last: 2047 },
];

const REFUSED = ["500-0", "5000-10000", "2048-"];

export const rangeRows: readonly Row[] = [
  ...ALGORITHMS.flatMap((algorithm) => rowsOf(`ranges (${algorithm})`, partsOf(algorithm))),
  ...rowsOf("conditional blobs", conditional()),
];

function partsOf(algorithm: Algorithm): Record<string, RowBody> {
  const served = PARTS.map((part): [string, RowBody] => [
    `bytes=${part.range} answers 206 with those bytes`,
    async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES, algorithm));
      const answer = await repository.getBlob(blob.digest, { range: `bytes=${part.range}` });
      expectStatus(answer, 206);
      expectHeader(answer, "content-range", `bytes ${part.first}-${part.last}/${SIZE_BYTES}`);
      expectHeader(answer, "content-length", String(part.last - part.first + 1));
      expectBytes(answer, blob.bytes.subarray(part.first, part.last + 1));
    },
  ]);
  const refused = REFUSED.map((range): [string, RowBody] => [
    `bytes=${range} answers 416`,
    async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES, algorithm));
      expectStatus(await repository.getBlob(blob.digest, { range: `bytes=${range}` }), 416);
      expectContent(await repository.getBlob(blob.digest), blob);
    },
  ]);
  return Object.fromEntries([...served, ...refused]);
}

function conditional(): Record<string, RowBody> {
  return {
    "a range behind the end answers 416 with the whole length": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES));
      const answer = await repository.getBlob(blob.digest, { range: "bytes=5000-10000" });
      expectStatus(answer, 416);
      expectHeader(answer, "content-range", `bytes */${SIZE_BYTES}`);
    },
    "several ranges answer 206 in parts, or the whole": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES));
      const answer = await repository.getBlob(blob.digest, { range: "bytes=0-9,100-109" });
      expectStatus(answer, 200, 206);
      if (answer.status === 200) expectContent(answer, blob);
      else expectParts(answer.header("content-type") ?? "", answer.body, blob);
    },
    "If-None-Match with the digest answers 304 without a body": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES));
      const answer = await repository.getBlob(blob.digest, { "if-none-match": `"${blob.digest}"` });
      expectStatus(answer, 304);
      assert.equal(answer.body.byteLength, 0);
      expectHeader(answer, "etag", `"${blob.digest}"`);
    },
    "If-None-Match of a blob that is not there answers 404": async ({ repository }) => {
      const blob = newBlob(SIZE_BYTES);
      const conditions = { "if-none-match": `"${blob.digest}"` };
      expectStatus(await repository.getBlob(blob.digest, conditions), 404);
      await repository.pushBlob(blob);
      expectStatus(await repository.getBlob(blob.digest, conditions), 304);
    },
    "If-Range with the digest keeps the range, with another gives the whole": async ({
      repository,
    }) => {
      const blob = await repository.pushBlob(newBlob(SIZE_BYTES));
      const range = "bytes=10-19";
      const kept = await repository.getBlob(blob.digest, { range, "if-range": `"${blob.digest}"` });
      expectStatus(kept, 206);
      expectBytes(kept, blob.bytes.subarray(10, 20));
      const whole = await repository.getBlob(blob.digest, { range, "if-range": '"another"' });
      expectContent(whole, blob);
    },
  };
}

function expectParts(contentType: string, body: Buffer, blob: Blob): void {
  assert.match(contentType, /^multipart\/byteranges; ?boundary=/);
  for (const [first, end] of [
    [0, 10],
    [100, 110],
  ] as const) {
    assert.ok(body.includes(`bytes ${first}-${end - 1}/${SIZE_BYTES}`));
    assert.ok(body.includes(blob.bytes.subarray(first, end)));
  }
}
