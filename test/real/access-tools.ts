/** Clients without a store of images: skopeo, crane, oras, regctl, helm. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { writeOciLayout } from "../fixtures/oci-layout.ts";
import {
  type AccessClient,
  type AccessClientKind,
  type ClientSite,
  freshNames,
} from "./access-client.ts";

/** Writes the layouts `first` and `second` where clients run; their tag is `1`. */
export async function writeContents({ clients }: ClientSite): Promise<void> {
  for (const content of ["first", "second"]) {
    await writeOciLayout(`${clients.directory}/${content}`, { tag: "1", layerBytes: 5000 });
  }
}

async function openSkopeo(_: AsyncDisposableStack, site: ClientSite): Promise<AccessClient> {
  const { clients, host, isToldPlainHttp } = site;
  await writeContents(site);
  const fresh = freshNames();
  const skopeo = async (verb: string, ...args: readonly string[]): Promise<string> =>
    clients.run("skopeo", verb, ...args);
  const plain = (flag: string): readonly string[] => (isToldPlainHttp ? [`${flag}=false`] : []);
  return {
    login: async ({ name, password }) =>
      skopeo("login", ...plain("--tls-verify"), "-u", name, "-p", password, host),
    logout: async () => skopeo("logout", host),
    push: async (image, content) =>
      skopeo(
        "copy",
        ...plain("--dest-tls-verify"),
        `oci:${content}:1`,
        `docker://${host}/${image}`,
      ),
    pull: async (image) =>
      skopeo(
        "copy",
        ...plain("--src-tls-verify"),
        `docker://${host}/${image}`,
        `dir:${fresh("out")}`,
      ),
  };
}

export const SKOPEO: AccessClientKind = {
  title: "skopeo",
  needs: ["skopeo"],
  open: openSkopeo,
  messages: {
    wrongPassword: /invalid username\/password/,
    unknown: /manifest unknown/,
    denied: /denied/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /requested access to the resource is denied|unauthorized: authentication required/,
  },
};

async function openCrane(_: AsyncDisposableStack, site: ClientSite): Promise<AccessClient> {
  const { clients, host } = site;
  await writeContents(site);
  const fresh = freshNames();
  const crane = async (...args: readonly string[]): Promise<string> =>
    clients.run("crane", ...args);
  return {
    login: async ({ name, password }) => {
      await crane("auth", "login", "-u", name, "-p", password, host);
      // Only now is the registry asked.
      await crane("catalog", host);
    },
    logout: async () => crane("auth", "logout", host),
    push: async (image, content) => crane("push", content, `${host}/${image}`),
    pull: async (image) => crane("pull", "--format", "oci", `${host}/${image}`, fresh("out")),
  };
}

export const CRANE: AccessClientKind = {
  title: "crane",
  needs: ["crane"],
  open: openCrane,
  messages: {
    wrongPassword: /unauthorized/i,
    unknown: /MANIFEST_UNKNOWN/,
    denied: /DENIED/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /unauthorized/i,
  },
};

async function openOras(
  _: AsyncDisposableStack,
  { clients, host }: ClientSite,
): Promise<AccessClient> {
  for (const content of ["first", "second"]) {
    await writeFile(`${clients.directory}/${content}`, `The ${content} of two files.\n`);
  }
  const fresh = freshNames();
  const oras = async (verb: string, ...args: readonly string[]): Promise<string> =>
    clients.run("oras", verb, ...args);
  const flags = ["--plain-http", "--no-tty"];
  return {
    login: async ({ name, password }) =>
      oras("login", "--plain-http", "-u", name, "-p", password, host),
    logout: async () => oras("logout", host),
    push: async (image, content) => oras("push", ...flags, `${host}/${image}`, content),
    pull: async (image) => oras("pull", ...flags, "--output", fresh("out"), `${host}/${image}`),
  };
}

export const ORAS: AccessClientKind = {
  title: "oras",
  needs: ["oras"],
  open: openOras,
  messages: {
    wrongPassword: /unauthorized/,
    unknown: /not found/,
    denied: /denied/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /unauthorized/i,
  },
};

async function openRegctl(_: AsyncDisposableStack, site: ClientSite): Promise<AccessClient> {
  const { clients, host } = site;
  await writeContents(site);
  const fresh = freshNames();
  const regctl = async (...args: readonly string[]): Promise<string> =>
    clients.run("regctl", ...args);
  await regctl("registry", "set", "--skip-check", "--tls", "disabled", host);
  return {
    login: async ({ name, password }) =>
      regctl("registry", "login", "--user", name, "--pass", password, host),
    logout: async () => regctl("registry", "logout", host),
    push: async (image, content) =>
      regctl("image", "copy", `ocidir://${content}:1`, `${host}/${image}`),
    pull: async (image) =>
      regctl("image", "copy", `${host}/${image}`, `ocidir://${fresh("out")}:1`),
  };
}

export const REGCTL: AccessClientKind = {
  title: "regctl",
  needs: ["regctl"],
  open: openRegctl,
  messages: {
    wrongPassword: /unauthorized/,
    unknown: /MANIFEST_UNKNOWN/,
    denied: /DENIED/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /unauthorized(?! \[http 403)/,
  },
};

async function openHelm(
  _: AsyncDisposableStack,
  { clients, host }: ClientSite,
): Promise<AccessClient> {
  const fresh = freshNames();
  const helm = async (...args: readonly string[]): Promise<string> => clients.run("helm", ...args);

  /** A chart's name is the last part of the repository, its version the tag. */
  async function packageChart(image: string, content: string): Promise<string> {
    const { name, version } = chartOf(image);
    const folder = fresh("chart");
    await mkdir(`${clients.directory}/${folder}`);
    await helm("create", name);
    await rename(`${clients.directory}/${name}`, `${clients.directory}/${folder}/${name}`);
    const flags = ["--version", version, "--app-version", content, "--destination", folder];
    await helm("package", `${folder}/${name}`, ...flags);
    return `${folder}/${name}-${version}.tgz`;
  }

  return {
    login: async ({ name, password }) =>
      helm("registry", "login", "--plain-http", "-u", name, "-p", password, host),
    logout: async () => helm("registry", "logout", host),
    push: async (image, content) => {
      const archive = await packageChart(image, content);
      await helm("push", "--plain-http", archive, `oci://${host}/${chartOf(image).parent}`);
    },
    pull: async (image) => {
      const { parent, name, version } = chartOf(image);
      const flags = ["--plain-http", "--version", version, "--untar", "--untardir", fresh("out")];
      await helm("pull", ...flags, `oci://${host}/${parent}/${name}`);
    },
  };
}

function chartOf(image: string): { parent: string; name: string; version: string } {
  const {
    parent = "",
    name = "",
    version = "",
  } = /^(?<parent>.+)\/(?<name>[^/:]+):(?<version>.+)$/.exec(image)?.groups ?? {};
  return { parent, name, version };
}

export const HELM: AccessClientKind = {
  title: "helm",
  needs: ["helm"],
  open: openHelm,
  messages: {
    wrongPassword: /unauthorized/,
    unknown: /not found/,
    denied: /denied/,
    tagTaken: /the tag 1\.0\.0 exists, and moving it takes the right to overwrite/,
    loginNeeded: /unauthorized/i,
  },
};
