/**
 * What Barge runs on: the reference registry's `config.yml` and the keys below `barge:`, checked,
 * with every default filled in and every unit in the name. Made by `load.ts` only; deep-frozen.
 */
import type { DaySpan } from "../lib/day-spans.ts";
import type { Secret } from "./secret.ts";

export interface Config {
  /** The file it came from; `undefined` for the built-in defaults. */
  readonly source: string | undefined;
  readonly log: LogConfig;
  readonly storage: StorageConfig;
  readonly http: HttpConfig;
  readonly notifications: NotificationsConfig;
  readonly health: HealthConfig;
  readonly validation: ValidationConfig;
  readonly catalog: CatalogConfig;
  readonly tags: TagsConfig;
  readonly auth: AuthConfig;
  readonly barge: BargeConfig;
}

export interface LogConfig {
  readonly level: "error" | "warn" | "info" | "debug";
  readonly formatter: "text" | "json" | "logstash";
  /** Stand in every line of the log. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether each request is written in the Combined Log Format. */
  readonly accessLog: boolean;
  /** Whether each line names the place in the program that wrote it. */
  readonly reportCaller: boolean;
}

export interface StorageConfig {
  readonly driver: StorageDriverConfig;
  readonly deleteEnabled: boolean;
  /** Whether a blob may be answered by a redirect to the store. */
  readonly redirect: boolean;
  readonly readOnly: boolean;
  readonly uploadPurging: UploadPurgingConfig;
  /** Tag look-ups at the same time when a manifest is deleted; at least 1. */
  readonly tagConcurrency: number;
}

export type StorageDriverConfig = FilesystemConfig | InMemoryConfig | S3Config;

export interface FilesystemConfig {
  readonly name: "filesystem";
  /** As written: may be relative to the working directory. */
  readonly rootDirectory: string;
  /** File operations at the same time; at least 25. */
  readonly maxThreads: number;
  /** Whether large uploads are written round the page cache, where that can be. */
  readonly directWrites: boolean;
}

export interface InMemoryConfig {
  readonly name: "inmemory";
}

export interface S3Config {
  readonly name: "s3";
  /** Without it the credentials come from the environment, the profile or the machine's role. */
  readonly accessKey?: string | undefined;
  /** There exactly when `accessKey` is. */
  readonly secretKey?: Secret | undefined;
  readonly region: string;
  /** `undefined` for Amazon's own. */
  readonly endpoint: URL | undefined;
  /** Host that clients reach: stands in redirects in place of the endpoint's. */
  readonly redirectEndpoint: URL | undefined;
  readonly forcePathStyle: boolean;
  readonly bucket: string;
  /** Prefix of every key, without a leading or trailing "/"; "" for none. */
  readonly rootDirectory: string;
  /** Whether the store is asked to encrypt, with `keyId` by that KMS key. */
  readonly encrypt: boolean;
  readonly keyId?: string | undefined;
  /** Whether https is spoken where the endpoint names no scheme. */
  readonly secure: boolean;
  /** Whether the endpoint's certificate is taken unchecked. */
  readonly skipVerify: boolean;
  readonly chunkSizeBytes: number;
  readonly multipartCopyChunkSizeBytes: number;
  readonly multipartCopyMaxConcurrency: number;
  readonly multipartCopyThresholdBytes: number;
  /** `undefined`: the header is left out. */
  readonly storageClass: string | undefined;
  /** `undefined`: the header is left out, which to S3 means private. */
  readonly objectAcl: string | undefined;
  readonly userAgent?: string | undefined;
  readonly useDualStack: boolean;
  readonly accelerate: boolean;
  readonly useFipsEndpoint: boolean;
}

export interface UploadPurgingConfig {
  readonly enabled: boolean;
  /** Age from which an unfinished upload is removed. */
  readonly ageMs: number;
  readonly intervalMs: number;
  /** Only says in the log what would be removed. */
  readonly dryRun: boolean;
}

export interface HttpConfig {
  readonly listen: ListenConfig;
  /** Begins and ends with "/". */
  readonly prefix: string;
  /** What clients call this registry; `undefined`: taken from each request. */
  readonly host: URL | undefined;
  /** Whether `Location` is given without scheme and host. */
  readonly relativeUrls: boolean;
  /** How long requests may take to end after the signal to stop; 0: none is waited for. */
  readonly drainTimeoutMs: number;
  /** Stand in every answer. */
  readonly headers: HeadersConfig;
  readonly tls: TlsConfig | undefined;
  readonly debug: DebugConfig | undefined;
}

export type HeadersConfig = Readonly<Record<string, readonly string[]>>;

export type ListenConfig = TcpListenConfig | { readonly kind: "unix"; readonly path: string };

export interface TcpListenConfig {
  readonly kind: "tcp";
  /** "" for all interfaces; an IPv6 address stands without its brackets. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

export interface TlsConfig {
  /** Path of the PEM file with the certificate and its chain. */
  readonly certificate: string;
  /** Path of the PEM file with the private key. */
  readonly key: string;
  readonly minimumVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /**
   * In the names of `node:tls`, to be joined with ":" into its `ciphers`; the suites of TLS 1.3 are
   * always among them. Empty: Node's default.
   */
  readonly cipherSuites: readonly string[];
  /** How certificates of clients are asked for; `undefined`: not at all. */
  readonly clientCertificates: ClientCertificatesConfig | undefined;
}

export interface ClientCertificatesConfig {
  /** PEM files of the authorities that vouch for clients; at least one. */
  readonly authorities: readonly string[];
  /** `request`: one may be shown, any; `require-any`: one must be, any; `verify-if-given`; `require-and-verify`. */
  readonly mode: "request" | "require-any" | "verify-if-given" | "require-and-verify";
}

export interface DebugConfig {
  readonly listen: TcpListenConfig;
  /** `undefined`: no metrics are served. The path begins with "/". */
  readonly prometheus: { readonly path: string } | undefined;
}

export interface NotificationsConfig {
  /** Whether an event of a manifest lists what the manifest refers to. */
  readonly includeReferences: boolean;
  /** Disabled endpoints are left out. */
  readonly endpoints: readonly NotificationEndpointConfig[];
}

export interface NotificationEndpointConfig {
  readonly name: string;
  readonly url: string;
  readonly headers: HeadersConfig;
  readonly timeoutMs: number;
  /** Failures in a row after which a pause of `backoffMs` is made. */
  readonly threshold: number;
  readonly backoffMs: number;
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly string[];
}

export interface HealthConfig {
  readonly storageDriver: PeriodicCheckConfig | undefined;
  /** Unhealthy while the file exists. */
  readonly files: readonly FileCheckConfig[];
  readonly http: readonly HttpCheckConfig[];
  readonly tcp: readonly TcpCheckConfig[];
}

export interface PeriodicCheckConfig {
  readonly intervalMs: number;
  /** Failures in a row from which the check counts as failed; 0 and 1 are the same. */
  readonly threshold: number;
}

export interface FileCheckConfig extends PeriodicCheckConfig {
  readonly file: string;
}

export interface HttpCheckConfig extends PeriodicCheckConfig {
  readonly uri: string;
  readonly headers: HeadersConfig;
  /** What a HEAD request must answer. */
  readonly statusCode: number;
  readonly timeoutMs: number;
}

export interface TcpCheckConfig extends PeriodicCheckConfig {
  /** `host:port`. */
  readonly address: string;
  readonly timeoutMs: number;
}

export interface ValidationConfig {
  readonly disabled: boolean;
  /**
   * Regular expressions of RE2, unanchored, for the `urls` of layers. `undefined`: not configured,
   * every URL is accepted. Both lists empty: none is; only `deny`: any other.
   */
  readonly urls:
    | { readonly allow: readonly string[]; readonly deny: readonly string[] }
    | undefined;
  /** Which children of an index must be there. `undefined`: not configured, sparse indexes are accepted. */
  readonly indexes: "all" | "none" | readonly PlatformConfig[] | undefined;
}

export interface PlatformConfig {
  readonly os: string;
  readonly architecture: string;
}

export interface CatalogConfig {
  /** Most entries of a page of the catalog; at least 1. */
  readonly maxEntries: number;
}

export interface TagsConfig {
  /** Most entries of a page of a tag list; at least 1. */
  readonly maxTags: number;
}

/** Who may do what: `auth`, `barge.auth` and `barge.access` together. */
export type AuthConfig =
  | OpenAuthConfig
  | SillyAuthConfig
  | HtpasswdAuthConfig
  | OutsideTokenAuthConfig
  | BuiltInAuthConfig;

/** Whoever reaches the registry may do everything but administer it. */
export interface OpenAuthConfig {
  readonly kind: "open";
  /** Whether `barge.auth: open` says so, and no warning is wanted. */
  readonly isMeant: boolean;
}

/** For tests: any `Authorization` header will do. */
export interface SillyAuthConfig {
  readonly kind: "silly";
  readonly realm: string;
  readonly service: string;
}

/** Every user of the file may do everything but administer. */
export interface HtpasswdAuthConfig {
  readonly kind: "htpasswd";
  readonly realm: string;
  readonly path: string;
}

/** Tokens of another server say what their bearers may do. */
export interface OutsideTokenAuthConfig {
  readonly kind: "token";
  /** URL of the token server; only a text where `autoRedirect` makes it. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM file; at least one of the two is there. */
  readonly rootCertBundle: string | undefined;
  /** JSON file. */
  readonly jwks: string | undefined;
  /** Whether the realm is this server's own address and `autoRedirectPath`. */
  readonly autoRedirect: boolean;
  /** Begins with "/". */
  readonly autoRedirectPath: string;
  /** Names of JWA; empty: all that are safe. */
  readonly signingAlgorithms: readonly string[];
}

/** Barge's own tokens, users, robots and rules. */
export interface BuiltInAuthConfig {
  readonly kind: "built-in";
  /** The htpasswd file of `barge.auth.users` or of `auth.htpasswd`. */
  readonly users: string | undefined;
  /** PEM: private keys, the first of which signs; certificates that belong to them. `undefined`: made at first start. */
  readonly key: Secret | undefined;
  /** Members by group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Robots of the config, by name. */
  readonly robots: Readonly<Record<string, ConfiguredRobot>>;
  /** By name. */
  readonly issuers: Readonly<Record<string, WorkloadIssuerConfig>>;
  /** The claims `aud` and `iss` of tokens. */
  readonly service: string;
  readonly issuer: string;
  readonly tokenLifetimeMs: number;
  readonly refreshTokenLifetimeMs: number;
  readonly attempts: AttemptsConfig;
  readonly access: readonly AccessRuleConfig[];
}

export interface ConfiguredRobot {
  readonly secret: Secret;
}

/** Who vouches for jobs of another system. */
export interface WorkloadIssuerConfig {
  /** The claim `iss`, to the byte. */
  readonly issuer: string;
  /** One of them must be in the claim `aud`; at least one. */
  readonly audience: readonly string[];
  /** URL or file of its keys; `undefined`: found by OpenID Connect Discovery. */
  readonly jwks: string | undefined;
  /** PEM file of authorities for that URL; `undefined`: those of the system. */
  readonly ca: string | undefined;
  /** Claim that holds the names of groups, if any. */
  readonly groupsClaim: string | undefined;
  /** Longest life of a token, from the claim `iat` on, that is taken. */
  readonly maxTokenAgeMs: number;
}

/** Wrong passwords within a minute, beyond which an address has to wait. */
export interface AttemptsConfig {
  readonly perAddress: number;
  /** From one address for one account. */
  readonly perAccount: number;
}

/** One rule of `barge.access`. */
export interface AccessRuleConfig {
  readonly subjects: readonly RuleSubject[];
  /** Patterns of repository names; at least one. */
  readonly repositories: readonly string[];
  readonly actions: readonly RuleAction[];
}

export type RuleAction = "pull" | "push" | "overwrite" | "delete" | "promote" | "admin";

export type RuleSubject =
  | { readonly kind: "anonymous" }
  | { readonly kind: "authenticated" }
  | { readonly kind: "user"; readonly name: string }
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "robot"; readonly name: string }
  | {
      readonly kind: "claims";
      /** Name of the issuer in the config. */
      readonly issuer: string;
      /** By claim, the patterns one of which its value must match. At least one claim. */
      readonly claims: Readonly<Record<string, readonly string[]>>;
    };

/** Where it is written who did what. */
export interface AuditConfig {
  /** `undefined`: `barge/audit/audit.jsonl` below the root of the filesystem driver, once there is `auth`. */
  readonly path: string | undefined;
  /** Whether pulls are written down as well. */
  readonly pulls: boolean;
}

/** The keys below `barge:`. */
export interface BargeConfig {
  readonly state: {
    /** `undefined`: `barge/state` below the root of the filesystem driver. */
    readonly directory: string | undefined;
  };
  /** How many processes serve, at least 1. `auto`: one for each core. */
  readonly processes: number | "auto";
  readonly limits: LimitsConfig;
  readonly audit: AuditConfig;
  readonly dedup: DedupConfig;
  /** Addresses and CIDR blocks whose forwarded headers count. */
  readonly trustedProxies: readonly string[];
  /** Of these, those that are believed whom they speak for where wrong passwords are counted and audited. */
  readonly addressProxies: readonly string[];
}

/** How much one serving process takes on at a time; `undefined` where it is to be found out at start. */
export interface LimitsConfig {
  /** At least 1. */
  readonly connections: number | undefined;
  /** Of answers and bodies that wait in memory. */
  readonly bufferedBytes: number | undefined;
  /** Resident. */
  readonly memoryBytes: number | undefined;
}

/** Recipes of blobs, and blobs at rest. What can be carried out of it, `effectiveDedup` of `dedup.ts` says. */
export interface DedupConfig {
  readonly mode: DedupMode;
  /** Whether the file names the mode: one that cannot work stops the start, where the default is left out. */
  readonly isNamed: boolean;
  /** Time since the last push or pull from which a blob is cold; at least 0. */
  readonly coldMs: number;
  /** From 1 to 64. `auto`: `dedupThreads` of `dedup.ts` knows. */
  readonly threads: number | "auto";
  /** Local times of day at which the work is done; at least one. */
  readonly hours: readonly DaySpan[];
  /** Free space below which nothing is written for it. */
  readonly diskFloorBytes: number;
}

/** `index`: a recipe after each push. `at-rest`: also, cold blobs give up their data. */
export type DedupMode = "off" | "index" | "at-rest";
