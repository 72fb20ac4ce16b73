/** Clients on another machine than the registry's, which they know by a name and trust by their settings. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningBarge } from "../fixtures/barge.ts";
import { type Authority, writeAuthority } from "../fixtures/certificates.ts";
import {
  COMPANY_NEEDS,
  type CompanyNetwork,
  openCompanyNetwork,
} from "../fixtures/company-network.ts";
import { runProgram } from "../fixtures/program.ts";
import type { AccessClient } from "./access-client.ts";
import { openDockerClient, PODMAN } from "./access-engines.ts";
import { SKOPEO } from "./access-tools.ts";
import { type Clients, openClients } from "./clients.ts";
import { DOCKER_NEEDS, startDockerEngine } from "./docker-engine.ts";
import { bargeSection, openGuarded, OWNER, READER } from "./people.ts";
import { describeWithTools, requireTool } from "./tools.ts";

const HOST = "registry.company:5000";

type Speech = "TLS" | "HTTP";

/** What makes a client take the registry's word: files below `/etc` and its home, and variables. */
interface Trust {
  readonly etc?: Readonly<Record<string, string>>;
  readonly home?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What `daemon.json` of a docker engine holds. */
  readonly daemon?: object;
}

const TRUSTS_NOTHING: Trust = {};

/** A registry that is reached through the network only. */
interface Company {
  readonly network: CompanyNetwork;
  readonly barge: RunningBarge;
  readonly authority: Authority;
}

async function openCompany(resources: AsyncDisposableStack, speech: Speech): Promise<Company> {
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), "barge-company-"))).path;
  const network = await openCompanyNetwork(resources, folder);
  const authority = await writeAuthority(folder, "company");
  const { certificate, key } = await authority.issue("/CN=registry", "DNS:registry.company");
  const addr = `${network.serverAddress}:5000`;
  const http = speech === "TLS" ? { addr, tls: { certificate, key } } : { addr };
  const sections = { http, barge: await bargeSection(folder) };
  const barge = await openGuarded(resources, sections, network.enterServer);
  return { network, barge, authority };
}

/** A home on the client's machine, where the registry has its name. */
async function moveIn(
  resources: AsyncDisposableStack,
  { network }: Company,
  trust: Trust,
): Promise<{ clients: Clients; enter: readonly [string, ...string[]] }> {
  const { directory, env } = await openClients(resources);
  const etc = join(directory, "etc");
  const hosts = `127.0.0.1 localhost\n${network.serverAddress} registry.company\n`;
  await writeFiles(etc, { hosts, ...trust.etc });
  await writeFiles(env["HOME"] ?? "", trust.home ?? {});
  const enter = network.enterClient(etc);
  const clients: Clients = {
    directory,
    env: { ...env, ...trust.env },
    run: async (tool, ...args) =>
      runProgram({
        command: [...enter, requireTool(tool), ...args],
        env: clients.env,
        workingDirectory: directory,
      }),
  };
  return { clients, enter };
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function openDocker(
  resources: AsyncDisposableStack,
  company: Company,
  trust: Trust,
): Promise<AccessClient> {
  const { clients, enter } = await moveIn(resources, company, trust);
  await startDockerEngine(resources, clients, { enter, settings: trust.daemon ?? {} });
  return openDockerClient({ clients, host: HOST, isToldPlainHttp: false, neighbours: [] });
}

function openAs(kind: typeof PODMAN): typeof openDocker {
  return async (resources, company, trust) => {
    const { clients } = await moveIn(resources, company, trust);
    return kind.open(resources, { clients, host: HOST, isToldPlainHttp: false, neighbours: [] });
  };
}

interface CompanyClient {
  readonly title: string;
  readonly open: typeof openDocker;
  readonly trust: (speech: Speech, authority: string) => Trust;
}

const INSECURE_REGISTRY = `[[registry]]\nlocation = "${HOST}"\ninsecure = true\n`;
const LISTED_AS_INSECURE: Trust = {
  home: { ".config/containers/registries.conf": INSECURE_REGISTRY },
};

const CLIENTS: readonly CompanyClient[] = [
  {
    title: "docker",
    open: openDocker,
    trust: (speech, authority) =>
      speech === "TLS"
        ? { etc: { [`docker/certs.d/${HOST}/ca.crt`]: authority } }
        : { daemon: { "insecure-registries": [HOST] } },
  },
  {
    title: "podman",
    open: openAs(PODMAN),
    trust: (speech, authority) =>
      speech === "TLS"
        ? { home: { [`.config/containers/certs.d/${HOST}/ca.crt`]: authority } }
        : LISTED_AS_INSECURE,
  },
  {
    title: "skopeo",
    open: openAs(SKOPEO),
    trust: (speech, authority) =>
      speech === "TLS"
        ? { etc: { "company.pem": authority }, env: { SSL_CERT_FILE: "/etc/company.pem" } }
        : LISTED_AS_INSECURE,
  },
];

describeWithTools(
  [...COMPANY_NEEDS, ...DOCKER_NEEDS, "podman", "skopeo"],
  `${HOST} from another network namespace`,
  () => {
    describe.each<[string, Speech, RegExp]>([
      ["with a certificate of an own authority", "TLS", /unknown authority/],
      ["over plain HTTP", "HTTP", /server gave HTTP response to HTTPS client/],
    ])("%s", (_, speech, distrust) => {
      const resources = new AsyncDisposableStack();
      let company: Company;
      beforeAll(async () => {
        company = await openCompany(resources, speech);
      });
      afterAll(async () => resources.disposeAsync());

      it.each(CLIENTS)("$title logs in, pushes and pulls", async ({ title, open, trust }) => {
        await using own = new AsyncDisposableStack();
        const authority = await readFile(company.authority.certificate, "utf8");
        const client = await open(own, company, trust(speech, authority));
        await client.login(OWNER);
        await client.push(`team/${title}:1.0.0`, "first");
        await client.logout();
        await client.login(READER);
        await client.pull(`team/${title}:1.0.0`);
        await expect(client.push(`team/${title}:1.0.0`, "second")).rejects.toThrow("denied");
        await client.logout();
        await expect(client.pull(`team/${title}:1.0.0`)).rejects.toThrow("denied");
        const requests = company.barge.output.filter((line) => line.includes(" HTTP/1.1"));
        const { clientAddress } = company.network;
        expect(requests.filter((line) => !line.startsWith(`${clientAddress} `))).toEqual([]);
      });

      it.each(CLIENTS)("$title that was told nothing trusts it not", async ({ open }) => {
        await using own = new AsyncDisposableStack();
        const client = await open(own, company, TRUSTS_NOTHING);
        await expect(client.login(OWNER)).rejects.toThrow(distrust);
      });
    });
  },
);
