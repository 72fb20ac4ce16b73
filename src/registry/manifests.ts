/**
 * Manifests: `GET`, `HEAD`, `PUT` and `DELETE /v2/<name>/manifests/<reference>`.
 *
 * Spec: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests. The
 * reference registry hides a manifest whose type the client does not accept; the spec knows no such
 * rule and clients stumble over it, so a manifest is always served as what it is.
 */
import { ManifestUnknown } from "../content/errors.ts";
import type { StoredManifest } from "../content/manifest-cache.ts";
import type { PushedManifest } from "../content/manifest-store.ts";
import type { EventReference, ManifestTarget, TagDeleted } from "../events/event.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { type Manifest, MAX_MANIFEST_BYTES } from "../oci/manifest.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";
import type { Answer } from "./answer.ts";
import { matchesEtag } from "./conditional.ts";
import { BadRequest } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { refusedEffect, requireStanding } from "./gate.ts";
import { type Handler, type HandlerDeps, requireDeletes } from "./handler.ts";
import { digestHeaders } from "./manifest-answers.ts";
import { readBody } from "./read-body.ts";

/** Far above the ten that the spec asks for; more is a mistake. */
const MAX_TAG_PARAMETERS = 100;

export const getManifest: Handler = (exchange, deps) => {
  const route = exchange.routeOf("manifest");
  const { name, reference } = route;
  const stored = deps.manifestAnswers.find(route, () =>
    deps.content.manifests.get(name, reference, { signal: exchange.effects }),
  );
  // What is at hand is not waited for.
  if (!(stored instanceof Promise)) return answerWith(exchange, stored, deps);
  return stored.then((found) => answerWith(exchange, found, deps));
};

function answerWith(exchange: Exchange, stored: StoredManifest, deps: HandlerDeps): Answer {
  const ifNoneMatch = exchange.header("if-none-match");
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, stored.digest)) {
    return { status: 304, headers: digestHeaders(stored) };
  }
  if (deps.events.arePullsHeard) {
    tell(exchange, { action: "pull", target: pulledTarget(exchange, stored) }, deps);
  }
  return deps.manifestAnswers.answerOf(stored);
}

export const putManifest: Handler = async (exchange, deps) => {
  const { name, reference } = exchange.routeOf("manifest");
  const tags = tagParameters(exchange);
  const bytes = await readBody(exchange, MAX_MANIFEST_BYTES);
  await requireStanding(exchange, deps.access);
  const contentType = exchange.header("content-type");
  const push = { reference, tags, contentType, bytes };
  const mayOverwrite = exchange.caller.may("overwrite", name);
  const options = { signal: exchange.effects, actor: exchange.actor, mayOverwrite };
  const pushing = deps.content.manifests.put(name, push, options);
  const pushed = await pushing.catch((error: unknown) => {
    throw refusedEffect(exchange, deps.access, error);
  });
  tellPush(exchange, { pushed, sizeBytes: bytes.byteLength }, deps);
  return created(exchange, name, pushed);
};

export const deleteManifest: Handler = async (exchange, deps) => {
  requireDeletes(deps.settings);
  const { name, reference } = exchange.routeOf("manifest");
  const { manifests, tags } = deps.content;
  const options = { signal: exchange.effects, actor: exchange.actor };
  if (reference.kind === "tag") {
    const digest = await tags.delete(name, reference.tag, options);
    if (digest === undefined) throw new ManifestUnknown(reference);
    tellTagDeleted(exchange, { tag: reference.tag, digest }, deps);
    return { status: 202, headers: {} };
  }
  const untagged = await manifests.delete(name, reference.digest, options);
  tellManifestDeleted(exchange, reference.digest, deps);
  const { digest } = reference;
  for (const tag of untagged) tellTagDeleted(exchange, { tag, digest }, deps);
  return { status: 202, headers: {} };
};

/** Distribution spec after 1.1: `PUT .../manifests/<digest>?tag=a&tag=b`. @throws {BadRequest} {InvalidTag} */
function tagParameters(exchange: Exchange): readonly Tag[] {
  const texts = exchange.query.all("tag");
  if (texts.length > MAX_TAG_PARAMETERS) {
    throw new BadRequest("TAG_INVALID", `more than ${MAX_TAG_PARAMETERS} tags in one request`);
  }
  if (texts.length > 0 && exchange.routeOf("manifest").reference.kind === "tag") {
    throw new BadRequest("TAG_INVALID", "the parameter tag goes with a push by digest");
  }
  return texts.map((text) => parseTag(text));
}

function created(
  exchange: Exchange,
  name: RepositoryName,
  { digest, manifest, tags }: PushedManifest,
): Answer {
  return {
    status: 201,
    headers: {
      Location: exchange.url(`${name}/manifests/${digest}`),
      "Docker-Content-Digest": digest,
      ...(manifest.subject && { "OCI-Subject": manifest.subject.digest }),
      ...(exchange.query.all("tag").length > 0 && { "OCI-Tag": tags.map(({ tag }) => tag) }),
    },
  };
}

function tell(
  exchange: Exchange,
  { action, target }: { readonly action: "pull" | "push"; readonly target: ManifestTarget },
  { events }: HandlerDeps,
): void {
  const { name } = exchange.routeOf("manifest");
  const origin = exchange.eventOrigin();
  events.publish({ ...origin, kind: "manifest", action, repository: name, target });
}

/** One event per tag, as a push by tag makes one; a push by digest alone makes one without. */
function tellPush(
  exchange: Exchange,
  { pushed, sizeBytes }: { readonly pushed: PushedManifest; readonly sizeBytes: number },
  deps: HandlerDeps,
): void {
  const { digest, manifest, tags } = pushed;
  const described = { mediaType: manifest.mediaType, digest, sizeBytes };
  const target = { ...describedTarget(exchange, described), ...detailsOf(manifest) };
  const targets =
    tags.length === 0
      ? [target]
      : tags.map(({ tag, from }) => ({ ...target, tag, ...(from && { replaced: from }) }));
  for (const each of targets) tell(exchange, { action: "push", target: each }, deps);
}

function pulledTarget(
  exchange: Exchange,
  { digest, mediaType, bytes }: StoredManifest,
): ManifestTarget {
  const { reference } = exchange.routeOf("manifest");
  return {
    ...describedTarget(exchange, { mediaType, digest, sizeBytes: bytes.byteLength }),
    ...(reference.kind === "tag" && { tag: reference.tag }),
  };
}

function describedTarget(
  exchange: Exchange,
  described: Pick<ManifestTarget, "mediaType" | "digest" | "sizeBytes">,
): ManifestTarget {
  const { name } = exchange.routeOf("manifest");
  return { ...described, url: exchange.url(`${name}/manifests/${described.digest}`) };
}

function detailsOf({
  config,
  layers,
  manifests,
  artifactType,
  annotations,
}: Manifest): Pick<ManifestTarget, "references" | "artifactType" | "annotations"> {
  const descriptors = [...(config ? [config] : []), ...layers, ...manifests];
  return {
    references: descriptors.map((descriptor) => referenceOf(descriptor)),
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
  };
}

function referenceOf(descriptor: Descriptor): EventReference {
  const { mediaType, digest, sizeBytes, platform, artifactType, urls } = descriptor;
  return {
    mediaType,
    digest,
    sizeBytes,
    ...(platform && { platform }),
    ...(artifactType !== undefined && { artifactType }),
    ...(urls.length > 0 && { urls }),
  };
}

function tellTagDeleted(
  exchange: Exchange,
  target: TagDeleted["target"],
  { events }: HandlerDeps,
): void {
  const { name: repository } = exchange.routeOf("manifest");
  const origin = exchange.eventOrigin();
  events.publish({ ...origin, kind: "tag", action: "delete", repository, target });
}

function tellManifestDeleted(exchange: Exchange, digest: Digest, { events }: HandlerDeps): void {
  const { name: repository } = exchange.routeOf("manifest");
  const origin = exchange.eventOrigin();
  events.publish({ ...origin, kind: "manifest", action: "delete", repository, target: { digest } });
}
