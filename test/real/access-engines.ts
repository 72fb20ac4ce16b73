/** Clients with a store of images: docker, podman, buildah, containerd. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openNetworkNamespace } from "../fixtures/network-namespace.ts";
import { startProgram } from "../fixtures/program.ts";
import {
  type AccessClient,
  type AccessClientKind,
  type ClientSite,
  freshNames,
} from "./access-client.ts";
import { writeContents } from "./access-tools.ts";
import { DOCKER_NEEDS, runDocker, startDockerEngine } from "./docker-engine.ts";
import { runImageStore } from "./image-store.ts";
import type { Login } from "./people.ts";
import { parseManifest } from "./registry-answers.ts";
import { requireTool } from "./tools.ts";

/** The command line on an engine that runs already. */
export async function openDockerClient(site: ClientSite): Promise<AccessClient> {
  const { clients, host } = site;
  await writeContents(site);
  const docker = async (...args: readonly string[]): Promise<string> => runDocker(clients, ...args);
  return {
    login: async ({ name, password }) => docker("login", "-u", name, "-p", password, host),
    logout: async () => docker("logout", host),
    push: async (image, content) => {
      const name = `${host}/${image}`;
      await docker("import", await layerOf(join(clients.directory, content)), name);
      try {
        await docker("push", name);
      } finally {
        await docker("image", "rm", name);
      }
    },
    pull: async (image) => {
      await docker("pull", `${host}/${image}`);
      await docker("image", "rm", `${host}/${image}`);
    },
  };
}

/** @returns the path of a layer of the layout's image. */
async function layerOf(layout: string): Promise<string> {
  const blob = (digest = ""): string => join(layout, "blobs", digest.replace(":", "/"));
  const index = parseManifest(await readFile(join(layout, "index.json"), "utf8"));
  const image = parseManifest(await readFile(blob(index.manifests[0]?.digest), "utf8"));
  return blob(image.layers[0]?.digest);
}

async function openDocker(
  resources: AsyncDisposableStack,
  site: ClientSite,
): Promise<AccessClient> {
  const origins = [new URL(`http://${site.host}`), ...site.neighbours];
  const { enter } = await openNetworkNamespace(resources, origins, site.clients.directory);
  await startDockerEngine(resources, site.clients, { enter, settings: {} });
  return await openDockerClient(site);
}

/** The command line and a real engine, which cannot reach anything but the registry. */
export const DOCKER: AccessClientKind = {
  title: "docker",
  needs: DOCKER_NEEDS,
  open: openDocker,
  messages: {
    wrongPassword: /unauthorized/i,
    unknown: /manifest unknown/,
    denied: /denied/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /requested access to the resource is denied|no basic auth credentials/,
  },
};

function imageStoreKind(
  engine: "buildah" | "podman",
  messages: AccessClientKind["messages"],
): AccessClientKind {
  return {
    title: engine,
    needs: ["root", "unshare", engine],
    open: async (_, site) => openImageStore(engine, site),
    messages,
  };
}

async function openImageStore(
  engine: "buildah" | "podman",
  site: ClientSite,
): Promise<AccessClient> {
  const { clients, host } = site;
  await writeContents(site);
  const plain = site.isToldPlainHttp ? ["--tls-verify=false"] : [];
  const fresh = freshNames();
  const run = async (store: string, ...args: readonly string[]): Promise<string> =>
    runImageStore(clients, { engine, store }, args);
  return {
    login: async ({ name, password }) =>
      run("own", "login", ...plain, "-u", name, "-p", password, host),
    logout: async () => run("own", "logout", host),
    push: async (image, content) => {
      const id = await run("own", "pull", "--quiet", `oci:${content}:1`);
      await run("own", "push", ...plain, id, `docker://${host}/${image}`);
    },
    pull: async (image) => run(fresh("store"), "pull", ...plain, `${host}/${image}`),
  };
}

export const PODMAN = imageStoreKind("podman", {
  wrongPassword: /invalid username\/password/,
  unknown: /manifest unknown/,
  denied: /denied/,
  tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
  loginNeeded: /requested access to the resource is denied|unauthorized: authentication required/,
});

export const BUILDAH = imageStoreKind("buildah", {
  wrongPassword: /invalid username\/password/,
  unknown: /manifest unknown/,
  denied: /denied/,
  tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
  loginNeeded: /requested access to the resource is denied|unauthorized: authentication required/,
});

/** Content of one namespace is not there for another, so that each pull fetches. */
const CONTAINERD_SETTINGS = `
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
`;

async function startContainerd(
  resources: AsyncDisposableStack,
  { directory, env }: ClientSite["clients"],
): Promise<string> {
  const file = (name: string): string => `${directory}/${name}`;
  await writeFile(file("containerd.toml"), CONTAINERD_SETTINGS);
  await mkdir(file("containerd"));
  const folders = ["--root", file("containerd/root"), "--state", file("containerd/state")];
  const settings = ["--config", file("containerd.toml"), "--address", file("containerd.sock")];
  const enter = [requireTool("unshare"), "--mount", "--"] as const;
  await startProgram(
    resources,
    { command: [...enter, requireTool("containerd"), ...folders, ...settings], env },
    /containerd successfully booted/,
  );
  return file("containerd.sock");
}

async function openContainerd(
  resources: AsyncDisposableStack,
  site: ClientSite,
): Promise<AccessClient> {
  const { clients, host } = site;
  await writeContents(site);
  const socket = await startContainerd(resources, clients);
  const fresh = freshNames();
  const ctr = async (namespace: string, ...args: readonly string[]): Promise<string> =>
    clients.run("ctr", "--address", socket, "--namespace", namespace, "images", ...args);
  for (const content of ["first", "second"]) {
    await clients.run("tar", "-C", content, "-cf", `${content}.tar`, ".");
    await ctr("own", "import", "--no-unpack", "--base-name", content, `${content}.tar`);
  }
  let user: readonly string[] = [];
  const pull = async (image: string): Promise<string> => {
    const flags = ["--plain-http", "--snapshotter", "native", ...user];
    return ctr(fresh("puller"), "pull", ...flags, `${host}/${image}`);
  };
  return {
    // It has no login: every command is told who asks. So this asks for something that there is not.
    login: async ({ name, password }: Login) => {
      user = ["--user", `${name}:${password}`];
      try {
        await pull("team/none:1.0.0");
      } catch (error) {
        if (!String(error).includes("not found")) throw error;
      }
    },
    logout: async () => {
      user = [];
    },
    push: async (image, content) =>
      ctr("own", "push", "--plain-http", ...user, `${host}/${image}`, `${content}:1`),
    pull,
  };
}

/** A daemon of its own with its command line. */
export const CONTAINERD: AccessClientKind = {
  title: "containerd",
  needs: ["root", "unshare", "containerd", "ctr", "tar"],
  open: openContainerd,
  messages: {
    wrongPassword: /401 Unauthorized/,
    unknown: /not found/,
    denied: /403 Forbidden/,
    tagTaken: /403 Forbidden/,
    loginNeeded: /authorization failed/,
  },
};
