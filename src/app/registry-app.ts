/** The registry, put together from its parts. The only file that knows them all. */
import { availableParallelism } from "node:os";
import type { Access } from "../auth/access.ts";
import type { Config } from "../config/config.ts";
import type { ColdBlobs } from "../content/cold-blobs.ts";
import type { Hashing } from "../content/hashing.ts";
import { HashThreads } from "../content/hash-threads.ts";
import { createHashStaged } from "../content/hash-staged.ts";
import { createContentStore } from "../content/content-store.ts";
import type { StoredBlob } from "../content/presence.ts";
import { createEventBus, type EventBus } from "../events/bus.ts";
import { AddressList } from "../lib/address-list.ts";
import type { AuditLog } from "../observability/audit-log.ts";
import type { AccessLog } from "../observability/access-log.ts";
import type { Health } from "../observability/health.ts";
import type { Logger } from "../observability/logger.ts";
import type { Metrics } from "../observability/metrics.ts";
import { loadAllocateShared } from "../os/aligned-memory.ts";
import { loadKernelFiles } from "../os/kernel-files.ts";
import { BodyBlocks } from "../registry/body-blocks.ts";
import type { HandlerSettings } from "../registry/handler.ts";
import { createListener, type Listener, type ListenerDeps } from "../registry/listener.ts";
import { FoundThisTurn } from "../registry/found-this-turn.ts";
import { ManifestAnswers } from "../registry/manifest-answers.ts";
import { ResponseHeads } from "../registry/response-head.ts";
import { createRouter } from "../registry/router.ts";
import { FileSender } from "../registry/send-file.ts";
import { hasPresignedUrls, type StorageDriver } from "../storage/storage-driver.ts";
import { auditEvents, auditRefusal } from "./audit-trail.ts";
import type { Neighbours } from "./neighbours.ts";
import type { RegistryInside } from "./registry-inside.ts";
import { entryUrl } from "./entries.ts";

const MAX_HASH_THREADS = 4;

export interface RegistryApp {
  readonly listener: Listener;
  /** For the socket in the state directory; there when there are neighbours. */
  readonly localListener: Listener | undefined;
  readonly events: EventBus;
}

export interface RegistryParts {
  readonly driver: StorageDriver;
  readonly health: Pick<Health, "failures">;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly accessLog: AccessLog | undefined;
  readonly stopping: AbortSignal;
  /** Open for as long as requests may come. */
  readonly hashing: Hashing;
  /** What makes blobs whose data is not there; without it, nobody does. */
  readonly cold?: ColdBlobs;
  /** Who may do what. */
  readonly access: Access;
  /** Where it is written down who did what, if it is. */
  readonly audit?: Pick<AuditLog, "record"> | undefined;
  /** Makes those who answer what is none of the registry's own; without it, nobody does. */
  readonly neighbours?: (inside: RegistryInside) => Neighbours;
  /** Why a request is not taken now, if so; without it, all are. */
  readonly refusal?: ListenerDeps["refusal"];
}

/** For all that one process receives. Left cores are for the network and the store. */
export function createHashThreads(): HashThreads {
  const maxThreads = Math.min(MAX_HASH_THREADS, Math.max(1, availableParallelism() - 1));
  return new HashThreads({ threadUrl: entryUrl("hash-thread"), maxThreads });
}

export async function createRegistryApp(
  config: Config,
  parts: RegistryParts,
): Promise<RegistryApp> {
  const { driver, health, log } = parts;
  const events = createEventBus({ log });
  const content = await createContentStore({
    driver,
    log,
    validation: config.validation,
    tagConcurrency: config.storage.tagConcurrency,
    hashing: parts.hashing,
    hashStaged: createHashStaged(driver, entryUrl("hash-worker")),
    ...(parts.cold && { cold: parts.cold }),
  });
  const { audit } = parts;
  if (audit) auditEvents(events, audit, config.barge.audit);
  const files = new FileSender(await loadKernelFiles());
  const heads = new ResponseHeads(config.http.headers);
  const answers = { blobs: content.blobs, files, heads };
  const settings = handlerSettings(config, driver);
  const { readOnly } = config.storage;
  const router = createRouter({
    ...answers,
    content,
    events,
    manifestAnswers: new ManifestAnswers(),
    foundBlobs: new FoundThisTurn<StoredBlob | undefined>(),
    settings,
    readOnly,
    access: parts.access,
  });
  const neighbours = parts.neighbours?.({ content, events });
  const listenerDeps: ListenerDeps = {
    ...parts,
    ...answers,
    router,
    blocks: new BodyBlocks(await loadAllocateShared()),
    settings: { prefix: config.http.prefix, external: externalSettings(config) },
    onRefused: (exchange, error) => audit && auditRefusal(exchange, error, audit),
    allowedOrigins: allowedOrigins(config.http.headers),
    beside: neighbours?.beside ?? (() => undefined),
    refusal: parts.refusal ?? (() => undefined),
    isHealthy: () => Object.keys(health.failures()).length === 0,
  };
  const listener = createListener(listenerDeps);
  const localListener = neighbours && createLocalListener(listenerDeps, neighbours);
  return { listener, localListener, events };
}

/** On the socket of its owner a server is not too busy, nor too ill, to be administered. */
function createLocalListener(deps: ListenerDeps, { local }: Neighbours): Listener {
  return createListener({
    ...deps,
    settings: { ...deps.settings, external: { ...deps.settings.external, arePeersLocal: true } },
    beside: () => local,
    refusal: () => undefined,
    isHealthy: () => true,
  });
}

function handlerSettings(
  { storage, catalog, tags }: Config,
  driver: StorageDriver,
): HandlerSettings {
  return {
    deleteEnabled: storage.deleteEnabled,
    redirect: storage.redirect && hasPresignedUrls(driver),
    maxCatalogEntries: catalog.maxEntries,
    maxTags: tags.maxTags,
  };
}

/** A star is no origin: it lets pages read what anybody may, and nothing else. */
function allowedOrigins(headers: Config["http"]["headers"]): ReadonlySet<string> {
  const named = Object.entries(headers).filter(
    ([name]) => name.toLowerCase() === "access-control-allow-origin",
  );
  return new Set(named.flatMap(([, values]) => values).filter((value) => value !== "*"));
}

function externalSettings({ http, barge }: Config): {
  readonly host: URL | undefined;
  readonly relativeUrls: boolean;
  readonly trustedProxies: AddressList;
  readonly addressProxies: AddressList;
  readonly arePeersLocal: boolean;
} {
  const trustedProxies = new AddressList(barge.trustedProxies);
  const addressProxies = new AddressList(barge.addressProxies);
  return {
    host: http.host,
    relativeUrls: http.relativeUrls,
    trustedProxies,
    addressProxies,
    arePeersLocal: http.listen.kind === "unix",
  };
}
