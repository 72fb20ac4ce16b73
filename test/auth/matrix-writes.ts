/** Manifests, tags and blobs: made, moved and deleted in every way that there is. */
import { DENIED, refusal } from "./matrix-table.ts";
import {
  compare,
  content,
  type Content,
  type Context,
  ifAllowed,
  manifest,
  type Operation,
  postBlob,
  putManifest,
  type Result,
} from "./matrix-world.ts";

/** A tag that is there already, where the repository is. */
interface Moved {
  readonly tag: string;
  readonly before: Content;
  readonly after: Content;
}

async function arrangeTag({ exists, owner, names, repository }: Context): Promise<Moved> {
  const tag = names.next("t");
  const before = manifest(`${tag} before`);
  if (exists) await owner.make(putManifest(`${repository}/manifests/${tag}`, before));
  return { tag, before, after: manifest(`${tag} after`) };
}

/** Where a tag points to when all is over. */
async function pointed({ owner, repository }: Context, tag: string): Promise<string> {
  const { status, header } = await lookAt(owner, `${repository}/manifests/${tag}`);
  return status === 200 ? header : "nothing";
}

async function lookAt(
  owner: Context["owner"],
  target: string,
): Promise<{ readonly status: number; readonly header: string }> {
  const answered = await owner.ask("HEAD", target);
  return { status: answered.status, header: answered.header("docker-content-digest") };
}

/** A push that would move a tag: `where` gives the reference of the request. */
function moves(where: (moved: Moved, context: Context) => string): Operation {
  return async (context) => {
    const { asks, exists, repository } = context;
    const moved = await arrangeTag(context);
    const asked = putManifest(`${repository}/manifests/${where(moved, context)}`, moved.after);
    const answered = await context.ask(behindV2(asked));
    const isTaken = exists && !asks("overwrite");
    const isAllowed = asks("push") && !isTaken;
    // Who may push here is told that the tag is taken, or asked who they are.
    const taken = refusal(context.credential, DENIED);
    const expected = ifAllowed(asks("push"), isTaken ? taken : "201", context);
    const before = exists ? moved.before.digest : "nothing";
    const result = compare(answered, expected, context);
    return {
      ...result,
      expected: `${expected} ${isAllowed ? moved.after.digest : before}`,
      observed: `${result.observed} ${await pointed(context, moved.tag)}`,
      answer: asks("push") ? undefined : result.answer,
    };
  };
}

/** One that moves nothing. */
function creates(where: (tag: string, what: Content) => string): Operation {
  return async (context) => {
    const tag = context.names.next("t");
    const what = manifest(tag);
    const at = `${context.repository}/manifests/${where(tag, what)}`;
    const answered = await context.ask(behindV2(putManifest(at, what)));
    return compare(answered, ifAllowed(context.asks("push"), "201", context), context);
  };
}

function behindV2<Asked extends { readonly target: string }>(asked: Asked): Asked {
  return { ...asked, target: asked.target.slice("/v2/".length) };
}

async function pushAgain(context: Context): Promise<Result> {
  const { asks, repository } = context;
  const { tag, before } = await arrangeTag(context);
  const asked = behindV2(putManifest(`${repository}/manifests/${tag}`, before));
  return compare(await context.ask(asked), ifAllowed(asks("push"), "201", context), context);
}

/** @param of what is deleted, and the code where there is no such thing. */
function deletes(of: "tag" | "digest"): Operation {
  return async (context) => {
    const { asks, exists, repository } = context;
    const { tag, before } = await arrangeTag(context);
    const reference = of === "tag" ? tag : before.digest;
    const target = `${repository}/manifests/${reference}`;
    const answered = await context.ask({ method: "DELETE", target });
    return await afterDelete(context, { answered, tag, before, exists, isAllowed: asks("delete") });
  };
}

async function afterDelete(
  context: Context,
  {
    answered,
    tag,
    before,
    exists,
    isAllowed,
  }: {
    readonly answered: Parameters<typeof compare>[0];
    readonly tag: string;
    readonly before: Content;
    readonly exists: boolean;
    readonly isAllowed: boolean;
  },
): Promise<Result> {
  const found = exists ? "202" : "404 MANIFEST_UNKNOWN";
  const expected = ifAllowed(isAllowed, found, context);
  const result = compare(answered, expected, context);
  return {
    ...result,
    expected: `${expected} ${exists && !isAllowed ? before.digest : "nothing"}`,
    observed: `${result.observed} ${await pointed(context, tag)}`,
    answer: isAllowed ? undefined : result.answer,
  };
}

async function deleteBlob(context: Context): Promise<Result> {
  const { asks, exists, names, owner, repository } = context;
  const blob = content(names.next("b"));
  if (exists) await owner.make(postBlob(repository, blob));
  const target = `${repository}/blobs/${blob.digest}`;
  const answered = await context.ask({ method: "DELETE", target });
  const expected = ifAllowed(asks("delete"), exists ? "202" : "404 BLOB_UNKNOWN", context);
  const { status } = await owner.ask("HEAD", target);
  const result = compare(answered, expected, context);
  return {
    expected: `${expected} ${exists && !asks("delete") ? 200 : 404}`,
    observed: `${result.observed} ${status}`,
    answer: asks("delete") ? undefined : result.answer,
  };
}

export const WRITE_OPERATIONS: Readonly<Record<string, Operation>> = {
  "PUT a new tag": creates((tag) => tag),
  "PUT by digest": creates((_, { digest }) => digest),
  "PUT by digest with a new ?tag=": creates((tag, { digest }) => `${digest}?tag=${tag}`),
  "PUT a tag that is there": moves(({ tag }) => tag),
  "PUT by digest with a ?tag= that is there": moves(
    ({ tag, after }) => `${after.digest}?tag=${tag}`,
  ),
  "PUT by digest with a new ?tag= and one that is there": moves(
    ({ tag, after }, { names }) => `${after.digest}?tag=${names.next("t")}&tag=${tag}`,
  ),
  "PUT a tag as it is": pushAgain,
  "DELETE by tag": deletes("tag"),
  "DELETE by digest": deletes("digest"),
  "DELETE a blob": deleteBlob,
};
