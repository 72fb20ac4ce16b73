/**
 * What happens to a registry's content, told to whoever subscribes: webhooks, mirrors, retention.
 * The union is closed; each event names exactly what is known about its target.
 */
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { RepositoryName } from "../oci/repository-name.ts";

export type RegistryEvent =
  | BlobTransferred
  | BlobMounted
  | BlobDeleted
  | ManifestTransferred
  | ManifestDeleted
  | TagDeleted
  | RepositoryDeleted;

/** The words of the notification format, as they travel. */
export type EventAction = RegistryEvent["action"];

/** What every event carries. */
export interface EventOrigin {
  /** A UUID, unique to this event. */
  readonly id: string;
  readonly at: Date;
  readonly request: EventRequest;
  readonly actor: EventActor;
}

/** The request behind an event. Empty strings where there was none, as for work that the registry does by itself. */
export interface EventRequest {
  readonly id: string;
  /** The client's address and port, as far as trusted proxies tell it. */
  readonly address: string;
  /** The same without the port, as far as it is sure: other proxies could have made it up. */
  readonly sureAddress: string;
  readonly host: string;
  readonly method: string;
  readonly userAgent: string;
}

export interface EventActor {
  /** Empty for an anonymous client. */
  readonly name: string;
  /** How it was known; `operator`: by the socket in the state directory. */
  readonly kind: "anonymous" | "user" | "robot" | "workload" | "operator";
}

/** A whole blob served (or redirected to, or asked for by HEAD), or received. */
export interface BlobTransferred extends EventOrigin {
  readonly kind: "blob";
  readonly action: "pull" | "push";
  readonly repository: RepositoryName;
  readonly target: ContentTarget;
}

/** A blob linked from another repository instead of being uploaded; there is no push event beside it. */
export interface BlobMounted extends EventOrigin {
  readonly kind: "blob";
  readonly action: "mount";
  readonly repository: RepositoryName;
  readonly target: ContentTarget & { readonly fromRepository: RepositoryName };
}

export interface BlobDeleted extends EventOrigin {
  readonly kind: "blob";
  readonly action: "delete";
  readonly repository: RepositoryName;
  readonly target: { readonly digest: Digest };
}

/** A manifest served (by GET or HEAD) or stored; `tag` only when it was asked for by tag. */
export interface ManifestTransferred extends EventOrigin {
  readonly kind: "manifest";
  readonly action: "pull" | "push";
  readonly repository: RepositoryName;
  readonly target: ManifestTarget;
}

/** By digest. Each tag that goes with it has a {@link TagDeleted} of its own. */
export interface ManifestDeleted extends EventOrigin {
  readonly kind: "manifest";
  readonly action: "delete";
  readonly repository: RepositoryName;
  readonly target: { readonly digest: Digest };
}

/** `digest` is what the tag pointed to. */
export interface TagDeleted extends EventOrigin {
  readonly kind: "tag";
  readonly action: "delete";
  readonly repository: RepositoryName;
  readonly target: { readonly tag: Tag; readonly digest: Digest };
}

export interface RepositoryDeleted extends EventOrigin {
  readonly kind: "repository";
  readonly action: "delete";
  readonly repository: RepositoryName;
}

export interface ContentTarget {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Where to fetch it, absolute; never with credentials or a signature. */
  readonly url?: string;
}

export interface ManifestTarget extends ContentTarget {
  readonly tag?: Tag;
  /** What the tag pointed to before this push. */
  readonly replaced?: Digest;
  /** What the manifest refers to: config and layers, or the children of an index. */
  readonly references?: readonly EventReference[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

/** A descriptor inside a manifest, as far as a notification tells of it. */
export interface EventReference {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly urls?: readonly string[];
  readonly platform?: {
    readonly architecture: string;
    readonly os: string;
    readonly variant?: string;
  };
}
