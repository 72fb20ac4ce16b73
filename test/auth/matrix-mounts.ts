/** Mounts: a blob of one repository in another, which takes the right to read the one and to push to the other. */
import { DENIED, type Namespace, NAMESPACES, refusal } from "./matrix-table.ts";
import {
  BLOB,
  blobOf,
  type Content,
  type Context,
  EXISTING,
  HIDDEN_BLOB,
  HIDDEN_REPOSITORY,
  NO_BLOB,
  type Operation,
  type Result,
} from "./matrix-world.ts";

/** Where the blob is to come from. */
interface Source {
  /** `undefined`: the request does not say. */
  readonly from: string | undefined;
  /** Whether the actor may have the blob from there, as far as rights go. */
  readonly isReadable: boolean;
  readonly blob: Content;
  readonly holds: boolean;
}

type Sources = (context: Context) => Source;

function fromExisting(namespace: Namespace, blob: Content, holds: boolean): Sources {
  return ({ asks }) => ({
    from: `${namespace}/${EXISTING}`,
    isReadable: asks("pull", namespace),
    blob,
    holds,
  });
}

const ofNamespaces = NAMESPACES.flatMap((namespace): [string, Sources][] => [
  [`from ${namespace}`, fromExisting(namespace, blobOf(namespace), true)],
  [`of what is not in ${namespace}`, fromExisting(namespace, HIDDEN_BLOB, false)],
  [
    `from what is not there in ${namespace}`,
    ({ asks, names }) => ({
      from: `${namespace}/${names.next("r")}`,
      isReadable: asks("pull", namespace),
      blob: BLOB,
      holds: false,
    }),
  ],
]);

const never = (from: string | undefined, blob: Content): Sources => {
  return () => ({ from, isReadable: false, blob, holds: true });
};

const SOURCES: Readonly<Record<string, Sources>> = {
  ...Object.fromEntries(ofNamespaces),
  "from where nobody may know": never(HIDDEN_REPOSITORY, HIDDEN_BLOB),
  "of what is nowhere": fromExisting("public", NO_BLOB, false),
  "from the repository itself": ({ asks, exists, repository, namespace }) => ({
    from: repository,
    isReadable: asks("pull"),
    blob: blobOf(namespace),
    holds: exists,
  }),
  "from nowhere": never(undefined, BLOB),
  "from nothing": never("", BLOB),
  "from what is no name": never("Team/Image", BLOB),
};

function mount(sources: Sources): Operation {
  return async (context): Promise<Result> => {
    const { asks, credential, owner, exists, repository } = context;
    const { from, isReadable, blob, holds } = sources(context);
    const query = `mount=${blob.digest}${from === undefined ? "" : `&from=${encodeURIComponent(from)}`}`;
    const target = `${repository}/blobs/uploads/?${query}`;
    const answered = await context.ask({ method: "POST", target, body: "" });
    const isMade = isReadable && holds;
    const allowed = isMade ? "201" : "202";
    const expected = asks("push") ? allowed : refusal(credential, DENIED);
    const result = { expected, observed: answered.outcome };
    // The challenge names what is to be read, so that it differs with the name.
    const like = answered.like(repository, ...(from === undefined || from === "" ? [] : [from]));
    if (exists) return { ...result, answer: undefined };
    const held = await owner.ask("HEAD", `${repository}/blobs/${blob.digest}`);
    return {
      expected: `${expected} ${expected === "201" ? 200 : 404}`,
      observed: `${result.observed} ${held.status}`,
      answer: expected === "202" ? like : undefined,
    };
  };
}

export const MOUNT_OPERATIONS: Readonly<Record<string, Operation>> = Object.fromEntries(
  Object.entries(SOURCES).map(([title, sources]) => [`mount ${title}`, mount(sources)]),
);
