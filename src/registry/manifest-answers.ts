/** Answers to requests for manifests, each made once for as long as it holds. */
import type { StoredManifest } from "../content/manifest-cache.ts";
import { isMediaType, OCTET_STREAM } from "../oci/media-type.ts";
import { formatReference } from "../oci/reference.ts";
import { type Answer, UNTRUSTED_CONTENT } from "./answer.ts";
import { etagOf } from "./conditional.ts";
import { FoundThisTurn } from "./found-this-turn.ts";
import type { RouteOf } from "./route.ts";

type ManifestRoute = RouteOf<"manifest">;

export class ManifestAnswers {
  /** By repository and reference. */
  readonly #found = new FoundThisTurn<StoredManifest>();
  readonly #answers = new WeakMap<StoredManifest, Answer>();

  /** See {@link FoundThisTurn.find}. */
  find(
    { name, reference }: ManifestRoute,
    load: () => Promise<StoredManifest>,
  ): StoredManifest | Promise<StoredManifest> {
    return this.#found.find(`${name}:${formatReference(reference)}`, load);
  }

  /** The whole manifest. */
  answerOf(stored: StoredManifest): Answer {
    const known = this.#answers.get(stored);
    if (known !== undefined) return known;
    const contentType = isMediaType(stored.mediaType) ? stored.mediaType : OCTET_STREAM;
    const answer: Answer = {
      status: 200,
      headers: { ...digestHeaders(stored), ...UNTRUSTED_CONTENT },
      body: { contentType, bytes: stored.bytes },
      isLasting: true,
    };
    this.#answers.set(stored, answer);
    return answer;
  }
}

export function digestHeaders({
  digest,
}: StoredManifest): Readonly<Record<"Docker-Content-Digest" | "ETag", string>> {
  return { "Docker-Content-Digest": digest, ETag: etagOf(digest) };
}
