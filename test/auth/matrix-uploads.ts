/** Blobs pushed, in one request and in sessions: one's own, another's, and those that are not there. */
import {
  compare,
  content,
  type Context,
  ifAllowed,
  type Operation,
  postBlob,
  type Result,
} from "./matrix-world.ts";

const UNKNOWN_UPLOAD = "404 BLOB_UPLOAD_UNKNOWN";
const NOT_THERE = "3f8d2a51-0c4e-8b7a-9d10-5e6f70819203";
const BYTES = { "content-type": "application/octet-stream" };

/** What is done to a session, and what comes of it where it is one's own. */
const STEPS = {
  GET: "204",
  HEAD: "204",
  PATCH: "202",
  PUT: "201",
  DELETE: "204",
} as const;
type Step = keyof typeof STEPS;
const STEP_NAMES = Object.keys(STEPS) as Step[];

const START = { method: "POST", headers: BYTES, body: "" } as const;

async function start(context: Context): Promise<Result> {
  const target = `${context.repository}/blobs/uploads/`;
  const answered = await context.ask({ ...START, target });
  return compare(answered, ifAllowed(context.asks("push"), "202", context), context);
}

async function pushWhole(context: Context): Promise<Result> {
  const { asks, owner, names, repository } = context;
  const blob = content(names.next("b"));
  const { target, ...asked } = postBlob(repository, blob);
  const answered = await context.ask({ ...asked, target: target.slice("/v2/".length) });
  const expected = ifAllowed(asks("push"), "201", context);
  const { status } = await owner.ask("HEAD", `${repository}/blobs/${blob.digest}`);
  const result = compare(answered, expected, context);
  return {
    ...result,
    expected: `${expected} ${asks("push") ? 200 : 404}`,
    observed: `${result.observed} ${status}`,
  };
}

/** @param id of the session. */
async function step(
  context: Context,
  method: Step,
  { id, repository = context.repository }: { readonly id: string; readonly repository?: string },
): ReturnType<Context["ask"]> {
  const { bytes, digest } = content(context.names.next("b"));
  const query = method === "PUT" ? `?digest=${digest}` : "";
  const body = method === "PUT" || method === "PATCH" ? { headers: BYTES, body: bytes } : {};
  return await context.ask({
    method,
    target: `${repository}/blobs/uploads/${id}${query}`,
    ...body,
  });
}

/** Begun and gone on with by the actor. Whoever may not begin one has nothing to go on with. */
function own(method: Step): Operation {
  return async (context) => {
    const target = `${context.repository}/blobs/uploads/`;
    const begun = await context.ask({ ...START, target });
    const id = begun.status === 202 ? begun.header("docker-upload-uuid") : NOT_THERE;
    const answered = await step(context, method, { id });
    return outcome(context, method, { answered, found: STEPS[method] });
  };
}

/** Begun by somebody else in the same repository; it stays as it was. */
function foreign(method: Step): Operation {
  return async (context) => {
    const { owner, repository } = context;
    const target = `/v2/${repository}/blobs/uploads/`;
    const begun = context.exists ? await owner.make({ ...START, target }, 202) : undefined;
    const id = begun?.header("docker-upload-uuid") ?? NOT_THERE;
    const answered = await step(context, method, { id });
    const { expected, observed, answer } = outcome(context, method, { answered });
    const at = `${repository}/blobs/uploads/${id}`;
    const left = await owner.ask("GET", at);
    await owner.ask("DELETE", at);
    return {
      expected: `${expected} ${context.exists ? "204 0-0" : "404 "}`,
      observed: `${observed} ${left.status} ${left.header("range")}`,
      answer,
    };
  };
}

/** Begun by the actor in another repository. */
function elsewhere(method: Step): Operation {
  return async (context) => {
    const from = `intake/${context.names.next("r")}`;
    const begun = await context.ask({ ...START, target: `${from}/blobs/uploads/` });
    const id = begun.status === 202 ? begun.header("docker-upload-uuid") : NOT_THERE;
    return outcome(context, method, { answered: await step(context, method, { id }) });
  };
}

function outcome(
  context: Context,
  method: Step,
  {
    answered,
    found = UNKNOWN_UPLOAD,
  }: { readonly answered: Awaited<ReturnType<Context["ask"]>>; readonly found?: string },
): Result {
  const expected = ifAllowed(context.asks("push"), found, context);
  return compare(answered, method === "HEAD" ? expected.slice(0, 3) : expected, context);
}

function each(title: string, make: (method: Step) => Operation): [string, Operation][] {
  return STEP_NAMES.map((method) => [`${method} ${title}`, make(method)]);
}

export const UPLOAD_OPERATIONS: Readonly<Record<string, Operation>> = {
  "POST an upload": start,
  "POST a whole blob": pushWhole,
  ...Object.fromEntries([
    ...each("one's own upload", own),
    ...each("another's upload", foreign),
    ...each("one's own upload of another repository", elsewhere),
  ]),
};
