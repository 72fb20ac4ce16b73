/** The systems that are compared, each with its access log off and its fastest documented settings. */
import { accessSync, constants } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { htpasswdLine } from "../auth/htpasswd-lines.ts";
import type { CertificateFiles } from "../fixtures/certificates.ts";
import type { Account } from "./account.ts";
import { OWN_SYSTEM } from "./table.ts";

const LAUNCHER = fileURLToPath(new URL("../../deploy/barge", import.meta.url));
const ACCOUNT: Account = { name: "reader", password: "of the bench" };
const LIMIT_SERVER = fileURLToPath(new URL("limit-server.ts", import.meta.url));

/** What a server shall serve. */
export interface ServerOptions {
  /** In the layout of the reference, unless the system has its own. */
  readonly dataDirectory: string;
  /** For its config and whatever else it wants to keep. Kept between starts. */
  readonly folder: string;
  readonly port: number;
  readonly tls?: CertificateFiles | undefined;
}

export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface System {
  readonly name: string;
  /** `files` and `limit` send blobs and do nothing else. */
  readonly kind: "registry" | "files" | "limit";
  /** `own`: what it shall serve must be pushed to it. */
  readonly layout: "reference" | "own";
  /** Left out unless it is asked for. */
  readonly isOnlyByName?: boolean;
  /** Who may read, and nobody else; without one, anybody. */
  readonly account?: Account;
  /** The path of its program, or `undefined` where it is not installed. */
  readonly program: () => string | undefined;
  readonly launch: (program: string, options: ServerOptions) => Promise<Launch>;
}

export const SYSTEMS: readonly System[] = [
  barge(OWN_SYSTEM, {}),
  variant("barge-2-processes", { BARGE_PROCESSES: "2" }),
  variant("barge-cached-writes", { BARGE_UPLOADS_DIRECTWRITES: "false" }),
  withAccount("barge-auth", ACCOUNT),
  reference("docker-registry", "docker-registry", {}),
  reference("docker-registry-gogc800", "docker-registry", { GOGC: "800" }),
  reference("distribution-v3", "registry", { OTEL_TRACES_EXPORTER: "none" }),
  {
    name: "zot",
    kind: "registry",
    layout: "own",
    program: () => findProgram("zot"),
    launch: async (program, options) => ({
      command: [program, "serve", await writeZotConfig(options)],
      env: baseEnvironment(options),
    }),
  },
  {
    name: "nginx",
    kind: "files",
    layout: "reference",
    program: () => findProgram("nginx"),
    launch: async (program, options) => ({
      command: [
        program,
        "-p",
        options.folder,
        "-e",
        "stderr",
        "-c",
        await writeNginxConfig(options),
      ],
      env: baseEnvironment(options),
    }),
  },
  {
    name: "limit",
    kind: "limit",
    layout: "reference",
    program: () => process.execPath,
    launch: (program, options) =>
      Promise.resolve({
        command: [program, LIMIT_SERVER, options.dataDirectory, String(options.port)],
        env: baseEnvironment(options),
      }),
  },
];

/** Barge's own tokens, a file of users, and a rule for the one in it. */
function withAccount(name: string, account: Account): System {
  return {
    ...barge(name, {}),
    isOnlyByName: true,
    account,
    launch: async (program, options) => {
      const users = await writeIn(
        options.folder,
        "users",
        htpasswdLine(account.name, account.password),
      );
      const access = [{ subject: `user:${account.name}`, repositories: "**", actions: "pull" }];
      const config = await writeConfig(options, {}, { barge: { auth: { users }, access } });
      return {
        command: [program, "serve", config],
        env: baseEnvironment(options, { BARGE_NODE: process.execPath }),
      };
    },
  };
}

/** @param variables its settings. */
function barge(name: string, variables: Readonly<Record<string, string>>): System {
  return {
    name,
    kind: "registry",
    layout: "reference",
    program: () => LAUNCHER,
    launch: async (program, options) => ({
      command: [program, "serve", await writeConfig(options, {})],
      env: baseEnvironment(options, { BARGE_NODE: process.execPath, ...variables }),
    }),
  };
}

/** Shows what a setting changes. */
function variant(name: string, variables: Readonly<Record<string, string>>): System {
  return { ...barge(name, variables), isOnlyByName: true };
}

function reference(
  name: string,
  program: string,
  variables: Readonly<Record<string, string>>,
): System {
  return {
    name,
    kind: "registry",
    layout: "reference",
    program: () => findProgram(program),
    launch: async (path, options) => ({
      command: [path, "serve", await writeConfig(options, { blobdescriptor: "inmemory" })],
      env: baseEnvironment(options, variables),
    }),
  };
}

/** The same for Barge and for the reference; JSON is YAML. */
async function writeConfig(
  { dataDirectory, folder, port, tls }: ServerOptions,
  cache: Readonly<Record<string, string>>,
  sections: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const hasCache = Object.keys(cache).length > 0;
  return await writeIn(folder, "config.yml", {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: dataDirectory }, ...(hasCache ? { cache } : {}) },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: "of the bench",
      ...(tls === undefined ? {} : { tls: { certificate: tls.certificate, key: tls.key } }),
    },
    ...sections,
  });
}

async function writeZotConfig({ dataDirectory, folder, port, tls }: ServerOptions) {
  return await writeIn(folder, "zot.json", {
    distSpecVersion: "1.1.0",
    storage: { rootDirectory: dataDirectory, dedupe: false, gc: false },
    http: {
      address: "127.0.0.1",
      port: String(port),
      ...(tls === undefined ? {} : { tls: { cert: tls.certificate, key: tls.key } }),
    },
    log: { level: "error" },
  });
}

async function writeNginxConfig({ dataDirectory, folder, port }: ServerOptions): Promise<string> {
  const blobs = join(dataDirectory, "docker/registry/v2/blobs/sha256");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(" ");
  return await writeIn(
    folder,
    "nginx.conf",
    `daemon off; user root; worker_processes auto; pid ${folder}/nginx.pid; error_log stderr error;
events { worker_connections 4096; }
http {
  ${temporary}
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=1000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /v2/ { return 200 "{}"; }
    location ~ "^/v2/.+/blobs/sha256:((..).+)$" { alias ${blobs}/$2/$1/data; }
  }
}
`,
  );
}

async function writeIn(folder: string, name: string, content: string | object): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, name);
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function baseEnvironment(
  { folder }: ServerOptions,
  variables: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { PATH: env["PATH"] ?? "/usr/bin:/bin", HOME: folder, ...variables };
}

/** @returns the path of a program in `PATH`, in the folders of the administrator or of Go. */
export function findProgram(name: string): string | undefined {
  const go = [env["GOPATH"] ?? "", join(homedir(), "go")].map((path) => join(path, "bin"));
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/sbin", ...go];
  return folders.map((folder) => join(folder, name)).find((file) => isProgram(file));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
