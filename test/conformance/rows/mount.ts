/** Mounting a blob from another repository; a mount that cannot be is never an error. */
import { absentDigest, ALGORITHMS, newBlob, type Algorithm } from "../documents.ts";
import { expectContent, expectStatus, locationOf } from "../expectations.ts";
import type { Repository } from "../repository.ts";
import { rowsOf, type Row, type RowBody, type RowContext } from "../row.ts";
import { expectBlobCreated } from "./blobs.ts";

export const mountRows: readonly Row[] = [
  ...ALGORITHMS.flatMap((algorithm) => rowsOf(`mount (${algorithm})`, mounting(algorithm))),
  ...rowsOf("mount", odd()),
];

function mounting(algorithm: Algorithm): Record<string, RowBody> {
  return {
    "a blob of another repository answers 201 and is there": async ({ repository, another }) => {
      const source = another();
      const blob = await source.pushBlob(newBlob(512, algorithm));
      const answer = await repository.postUpload(`?mount=${blob.digest}&from=${source.name}`);
      await expectBlobCreated(repository, answer, blob);
    },
    "without from answers 201 with the blob, or 202 with a usable session": async ({
      client,
      repository,
      another,
    }) => {
      const blob = await another().pushBlob(newBlob(512, algorithm));
      const answer = await repository.postUpload(`?mount=${blob.digest}`);
      expectStatus(answer, 201, 202);
      if (answer.status === 201) return expectBlobCreated(repository, answer, blob);
      const upload = locationOf(answer);
      upload.searchParams.append("digest", blob.digest);
      const done = await client.send("PUT", upload, { body: blob.bytes });
      return expectBlobCreated(repository, done, blob);
    },
    "a blob that the source has not answers 202 with a usable session": async (context) => {
      const source = context.another();
      await source.pushBlob(newBlob(10));
      await expectSessionInstead(context, algorithm, source.name);
    },
    "the mounted blob outlives its source": async ({ repository, another }) => {
      const source = another();
      const blob = await source.pushBlob(newBlob(512, algorithm));
      expectStatus(await repository.postUpload(`?mount=${blob.digest}&from=${source.name}`), 201);
      expectStatus(await source.send("DELETE", `blobs/${blob.digest}`), 202);
      expectStatus(await source.headBlob(blob.digest), 404);
      expectContent(await repository.getBlob(blob.digest), blob);
    },
  };
}

function odd(): Record<string, RowBody> {
  return {
    "from a repository that is not there answers 202 with a usable session": async (context) =>
      expectSessionInstead(context, "sha256", context.another().name),
    "of a blob that nobody has, without from, answers 202": async ({ repository }) => {
      expectSession(repository, await repository.postUpload(`?mount=${absentDigest()}`));
    },
    "of a malformed digest answers 202": async ({ repository, another }) => {
      const query = `?mount=sha256:bad&from=${another().name}`;
      expectSession(repository, await repository.postUpload(query));
    },
    "from a name that is none answers 202": async ({ repository }) => {
      const query = `?mount=${absentDigest()}&from=..%2F..%2FUPPER`;
      expectSession(repository, await repository.postUpload(query));
    },
    "of a blob that was deleted in the source answers 202": async ({ repository, another }) => {
      const source = another();
      const blob = await source.pushBlob(newBlob(100));
      expectStatus(await source.send("DELETE", `blobs/${blob.digest}`), 202);
      const query = `?mount=${blob.digest}&from=${source.name}`;
      expectSession(repository, await repository.postUpload(query));
      expectStatus(await repository.headBlob(blob.digest), 404);
    },
    "of a blob that the repository itself has answers 201": async ({ repository }) => {
      const blob = await repository.pushBlob(newBlob(100));
      const query = `?mount=${blob.digest}&from=${repository.name}`;
      await expectBlobCreated(repository, await repository.postUpload(query), blob);
    },
  };
}

async function expectSessionInstead(
  { client, repository }: RowContext,
  algorithm: Algorithm,
  from: string,
): Promise<void> {
  const blob = newBlob(512, algorithm);
  const answer = await repository.postUpload(`?mount=${blob.digest}&from=${from}`);
  const upload = expectSession(repository, answer);
  upload.searchParams.append("digest", blob.digest);
  const done = await client.send("PUT", upload, { body: blob.bytes });
  await expectBlobCreated(repository, done, blob);
}

function expectSession(
  repository: Repository,
  answer: Awaited<ReturnType<Repository["postUpload"]>>,
): URL {
  expectStatus(answer, 202);
  const upload = locationOf(answer);
  if (!upload.pathname.startsWith(`/v2/${repository.name}/blobs/uploads/`)) {
    throw new Error(`not a session of ${repository.name}: ${upload.href}`);
  }
  return upload;
}
