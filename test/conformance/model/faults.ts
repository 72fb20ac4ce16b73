/** Things that registries get wrong, one function each, and the rows that must notice. */
import { contentDigest, OCI_INDEX } from "../documents.ts";
import type { IndexBody } from "../expectations.ts";
import type { TagList } from "../repository.ts";
import {
  errorReply,
  jsonReply,
  reply,
  type Fault,
  type ModelReply,
  type ModelRequest,
} from "./model-http.ts";

/** Which requests a fault spoils. */
type Chosen = (request: ModelRequest) => boolean;

const on =
  (method: string, path: RegExp): Chosen =>
  (request) =>
    request.method === method && path.test(request.path);

/** Changes the replies to the chosen requests. */
function spoilReply(chosen: Chosen, spoil: (answer: ModelReply) => ModelReply): Fault {
  return (next) => (request) => (chosen(request) ? spoil(next(request)) : next(request));
}

/** Changes the chosen requests before the registry sees them. */
function spoilRequest(chosen: Chosen, spoil: (request: ModelRequest) => ModelRequest): Fault {
  return (next) => (request) => next(chosen(request) ? spoil(request) : request);
}

/** The registry never sees the chosen requests. */
function answerAlone(chosen: Chosen, answer: ModelReply): Fault {
  return (next) => (request) => (chosen(request) ? answer : next(request));
}

function withoutHeader(name: string): Fault {
  return spoilReply(
    () => true,
    ({ headers, ...rest }) => ({
      ...rest,
      headers: Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name)),
    }),
  );
}

function ignoringRequestHeader(name: string): Fault {
  return spoilRequest(
    () => true,
    (request) => ({ ...request, headers: { ...request.headers, [name]: undefined } }),
  );
}

function ignoringQuery(chosen: Chosen, ...names: readonly string[]): Fault {
  return spoilRequest(chosen, (request) => {
    const query = new URLSearchParams(request.query);
    for (const name of names) query.delete(name);
    return { ...request, query };
  });
}

const MANIFESTS = /\/manifests\/[^/]+$/;
const BLOBS = /\/blobs\/sha[^/]+$/;
const TAGS = /\/tags\/list$/;
const UPLOADS = /\/blobs\/uploads\//;
const START = /\/blobs\/uploads\/$/;
const REFERRERS = /\/referrers\//;
const EMPTY_INDEX = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });

export interface FaultCase {
  readonly fault: Fault;
  /** Titles of rows that must fail under it. */
  readonly noticedBy: readonly string[];
}

const statusInstead = (from: number, to: number, chosen: Chosen = () => true): Fault =>
  spoilReply(chosen, (answer) => (answer.status === from ? { ...answer, status: to } : answer));

export const FAULTS: Readonly<Record<string, FaultCase>> = {
  "POST with a digest ignores the body": {
    fault: ignoringQuery(on("POST", START), "digest"),
    noticedBy: ["blobs (sha256): POST with the digest and the blob answers 201"],
  },
  "chunks are appended wherever they say they start": {
    fault: ignoringRequestHeader("content-range"),
    noticedBy: [
      "blobs (sha256): chunked, out of order PATCH answers 416 and the session survives",
      "blobs (sha512): chunked, out of order PUT answers 416 and the session survives",
      "upload errors: PATCH whose length is not that of its range answers 400 SIZE_INVALID and the session survives",
    ],
  },
  "a sha512 blob is answered with its sha256 digest": {
    fault: spoilReply(on("GET", /\/blobs\/sha512:/), (answer) => ({
      ...answer,
      headers: { ...answer.headers, "docker-content-digest": contentDigest(answer.body) },
    })),
    noticedBy: ["blobs (sha512): GET answers type, length, digest and entity tag"],
  },
  "no digest header": {
    fault: withoutHeader("docker-content-digest"),
    noticedBy: [
      "blobs (sha256): HEAD answers the headers of GET",
      "manifests: PUT by tag answers 201 with the digest and a Location by digest",
      "data set image: HEAD tells type, length and digest",
    ],
  },
  "ranges are ignored": {
    fault: ignoringRequestHeader("range"),
    noticedBy: [
      "ranges (sha256): bytes=500-1499 answers 206 with those bytes",
      "ranges (sha512): bytes=500-0 answers 416",
    ],
  },
  "HEAD answers length 0": {
    fault: spoilReply(
      ({ method }) => method === "HEAD",
      (answer) => ({ ...answer, body: Buffer.alloc(0) }),
    ),
    noticedBy: ["manifests: HEAD by tag and by digest answer the headers of GET"],
  },
  "an upload's status is 200": {
    fault: statusInstead(204, 200, on("GET", UPLOADS)),
    noticedBy: ["uploads: GET of a fresh session answers 204 with Location and Range 0-0"],
  },
  "a cancelled upload lives on": {
    fault: answerAlone(on("DELETE", UPLOADS), reply(204)),
    noticedBy: ["uploads: DELETE cancels a fresh session with 204, and it is gone"],
  },
  "a mount is never done": {
    fault: ignoringQuery(on("POST", START), "mount", "from"),
    noticedBy: ["mount (sha256): a blob of another repository answers 201 and is there"],
  },
  "a failed mount is an error": {
    fault: (next) => (request) => {
      const answer = next(request);
      const failed = request.query.has("mount") && answer.status === 202;
      return failed ? errorReply(404, "BLOB_UNKNOWN") : answer;
    },
    noticedBy: [
      "mount (sha512): a blob that the source has not answers 202 with a usable session",
      "mount: of a malformed digest answers 202",
    ],
  },
  "manifests are written anew": {
    fault: spoilReply(on("GET", MANIFESTS), (answer) =>
      answer.status === 200
        ? { ...answer, body: Buffer.from(JSON.stringify(JSON.parse(answer.body.toString("utf8")))) }
        : answer,
    ),
    noticedBy: [
      "manifests: blanks, order and unknown members of the document are kept to the byte",
    ],
  },
  "304 comes before the manifest was looked for": {
    fault: (next) => (request) =>
      request.headers["if-none-match"]?.includes(request.path.split("/").at(-1) ?? "") === true
        ? reply(304)
        : next(request),
    noticedBy: [
      "conditional manifests: If-None-Match of a digest that is not there answers 404",
      "conditional manifests: If-None-Match with the quoted digest answers 304 with ETag and digest",
    ],
  },
  "too large is 400": {
    fault: statusInstead(413, 400),
    noticedBy: ["manifest errors: a body of 4 MiB and a byte answers 413 with an error in JSON"],
  },
  "a bad manifest is a fault of the server": {
    fault: statusInstead(400, 500, on("PUT", MANIFESTS)),
    noticedBy: [
      "manifest errors: PUT of an empty object answers 400 MANIFEST_INVALID and stores nothing",
      "manifest errors: PUT by a malformed digest answers 400",
    ],
  },
  "errors are plain text": {
    fault: spoilReply(
      () => true,
      (answer) =>
        answer.status === 404
          ? reply(404, { "content-type": "text/plain" }, "not found\n")
          : answer,
    ),
    noticedBy: [
      "blobs (sha256): GET of a blob that was never pushed answers 404 BLOB_UNKNOWN",
      "manifest errors: GET by an unknown tag answers 404 MANIFEST_UNKNOWN",
    ],
  },
  "nothing is ever deleted": {
    fault: answerAlone(({ method }) => method === "DELETE", reply(202)),
    noticedBy: [
      "blobs (sha256): DELETE answers 202 and the blob is gone at once",
      "manifest deletes: DELETE by tag answers 202 and the tag is gone at once",
      "data set image: tags, manifests and blobs are deleted, and gone at once",
      "referrers: a deleted referrer leaves the list at once",
    ],
  },
  "tags come unsorted": {
    fault: spoilReply(on("GET", TAGS), (answer) => {
      if (answer.status !== 200) return answer;
      const list = JSON.parse(answer.body.toString("utf8")) as TagList;
      return jsonReply(200, { ...list, tags: list.tags.toReversed() });
    }),
    noticedBy: ["tags: the list names the repository and its tags in order"],
  },
  "pages have no Link": {
    fault: withoutHeader("link"),
    noticedBy: [
      "tags: n gives exactly n tags and a Link to the rest",
      "catalog: n gives exactly n repositories and a Link",
    ],
  },
  "last is ignored": {
    fault: ignoringQuery(() => true, "last"),
    noticedBy: ["tags: last need not be there", "catalog: last begins behind that repository"],
  },
  "tags in the query are ignored": {
    fault: ignoringQuery(on("PUT", MANIFESTS), "tag"),
    noticedBy: [
      "tag parameter: PUT by digest with ten tags sets them all",
      "data set tag-param-sha512: every push answers 201, and its Location has the very bytes",
    ],
  },
  "no OCI-Subject": {
    fault: withoutHeader("oci-subject"),
    noticedBy: [
      "data set missing-subject: every push answers 201, and its Location has the very bytes",
    ],
  },
  "nothing is ever a referrer": {
    fault: answerAlone(
      on("GET", REFERRERS),
      reply(200, { "content-type": OCI_INDEX }, EMPTY_INDEX),
    ),
    noticedBy: [
      "referrers: an index may be the subject",
      "data set artifacts-with-subject: the referrers are listed, also by type",
    ],
  },
  "referrers have no artifactType": {
    fault: spoilReply(on("GET", REFERRERS), (answer) => {
      const index = JSON.parse(answer.body.toString("utf8")) as IndexBody;
      const manifests = index.manifests.map(({ mediaType, digest, size }) => ({
        mediaType,
        digest,
        size,
      }));
      return { ...answer, body: Buffer.from(JSON.stringify({ ...index, manifests })) };
    }),
    noticedBy: ["referrers: an image without artifactType stands with its config's type"],
  },
  "any name will do": {
    fault: spoilRequest(
      () => true,
      (request) => ({ ...request, path: request.path.toLowerCase().replaceAll(/\.\.|_{3}/g, ".") }),
    ),
    noticedBy: ["names: a name with Upper is refused", "names: a name with a..b is refused"],
  },
  "a blob that was served once is served for ever, and everywhere": {
    fault: (next) => {
      const seen = new Map<string, ModelReply>();
      return (request) => {
        const answer = next(request);
        if (!on("GET", BLOBS)(request)) return answer;
        const key = request.path.split("/").at(-1) ?? "";
        if (answer.status === 200) seen.set(key, answer);
        return seen.get(key) ?? answer;
      };
    },
    noticedBy: [
      "blobs (sha256): a blob of one repository is unknown in another",
      "blobs (sha512): DELETE answers 202 and the blob is gone at once",
    ],
  },
};
