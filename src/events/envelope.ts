/**
 * The notification format of the Docker registry: one envelope with one event, as
 * `application/vnd.docker.distribution.events.v2+json`. Consumers parse it by these names.
 */
import { redactText } from "../observability/redaction.ts";
import type { EventReference, ManifestTarget, RegistryEvent } from "./event.ts";

export const ENVELOPE_MEDIA_TYPE = "application/vnd.docker.distribution.events.v2+json";

/** Which registry tells of an event. */
export interface EventSource {
  /** Its host name and port. */
  readonly address: string;
  /** A UUID that is new at each start. */
  readonly instanceId: string;
}

export interface EnvelopeOptions {
  readonly source: EventSource;
  /** Whether to list what a manifest refers to. */
  readonly includeReferences: boolean;
}

/** The body of a notification. Parts that are not known are left out. */
export function formatEnvelope(event: RegistryEvent, options: EnvelopeOptions): string {
  const { request, actor } = event;
  const record = {
    id: event.id,
    timestamp: event.at.toISOString(),
    action: event.action,
    target: toTarget(event, options.includeReferences),
    request: {
      id: request.id,
      addr: orNone(request.address),
      host: orNone(request.host),
      method: request.method,
      useragent: redactText(request.userAgent),
    },
    actor: { name: orNone(actor.name) },
    source: {
      addr: orNone(options.source.address),
      instanceID: orNone(options.source.instanceId),
    },
  };
  return escapeMarkup(JSON.stringify({ events: [record] }, undefined, 3));
}

/** The media type that endpoints filter by; deletions have none. */
export function mediaTypeOf(event: RegistryEvent): string | undefined {
  return event.kind !== "repository" && "mediaType" in event.target
    ? event.target.mediaType
    : undefined;
}

function toTarget(event: RegistryEvent, includeReferences: boolean): object {
  const { repository } = event;
  if (event.kind === "repository") return { repository };
  if (event.kind === "tag") return { repository, tag: event.target.tag };
  if (event.action === "delete") return { digest: event.target.digest, repository };
  const target: ManifestTarget = event.target;
  return {
    ...toDescriptor(target),
    length: target.sizeBytes === 0 ? undefined : target.sizeBytes,
    repository,
    fromRepository: event.action === "mount" ? event.target.fromRepository : undefined,
    url: target.url,
    tag: target.tag,
    references: includeReferences ? toReferences(target.references) : undefined,
  };
}

function toReferences(references: readonly EventReference[] = []): readonly object[] | undefined {
  return references.length === 0 ? undefined : references.map(toDescriptor);
}

function toDescriptor(of: EventReference): object {
  return {
    mediaType: orNone(of.mediaType),
    digest: of.digest,
    size: of.sizeBytes,
    urls: of.urls,
    annotations: sorted(of.annotations),
    platform: of.platform,
    artifactType: of.artifactType,
  };
}

function sorted(
  annotations: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(annotations);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Empty text is left out, as JSON leaves `undefined` out. */
function orNone(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** A body that a careless consumer puts into a page must not become markup there. */
function escapeMarkup(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
