/** What about `auth`, `barge.auth` and `barge.access` is warned of. */
import { describe, expect, test } from "vitest";
import { minimal, read } from "./reading.ts";

/** Where everything has a place of its own. */
const onDisk = (text: string): string =>
  text.replace("storage: inmemory", "storage: {filesystem: {rootdirectory: /data}}");
const auth = (more: string): string => minimal(`barge: {auth: {${more}}}`);
const GITHUB = "github: {issuer: 'https://token.actions.githubusercontent.com', audience: a}";
const rule = (text: string): string =>
  minimal(`barge: {auth: {issuers: {${GITHUB}}}, access: [{${text}}]}`);
const ALICE = "subject: 'user:alice', repositories: ['**'], actions: [pull]";
const subject = (text: string): string =>
  rule(`subject: ${JSON.stringify(text)}, repositories: ['**'], actions: [pull]`);
const tls = (text: string): string =>
  `version: 0.1\nstorage: inmemory\nhttp: {addr: ':1', tls: {certificate: c, key: k, ${text}}}`;

describe("warned of", () => {
  test.each([
    [auth(""), "barge.auth has no rules beside it"],
    [
      minimal(
        "barge: {auth: {}, access: [{subject: anonymous, repositories: ['a'], actions: [pull, push]}]}",
      ),
      "rule 1 (barge.access[0]) gives push to everybody who reaches the registry",
    ],
    [
      minimal(
        "barge: {auth: {}, access: [{subject: [anonymous], repositories: ['a'], actions: all}]}",
      ),
      "gives all to everybody who reaches the registry (to administer is not given",
    ],
    [subject("group:github:dev"), 'for the group "github:dev", which barge.auth.groups'],
    [
      minimal(
        "barge: {auth: {issuers: {x: {issuer: 'https://a.example', audience: a, groups: g}}}, access: [{subject: 'group:dev', repositories: ['**'], actions: all}]}",
      ),
      'for the group "dev", which barge.auth.groups does not have',
    ],
    [
      subject("group:dev"),
      'rule 1 (barge.access[0]) is for the group "dev", which barge.auth.groups does not have',
    ],
    [
      minimal(`barge: {auth: {robots: {ci: {secret: 0123456789abcdef}}}, access: [{${ALICE}}]}`),
      "barge.auth.robots.ci.secret holds the secret itself",
    ],
    [
      minimal(`barge: {auth: {key: PEM}, access: [{${ALICE}}]}`),
      "barge.auth.key holds the secret itself",
    ],
    [
      minimal(
        `barge: {auth: {tokenLifetime: 300000000000, attempts: {}, issuers: {x: {issuer: 'https://a.example', audience: a, maxTokenAge: 3600000000000}}}, access: []}`,
      ),
      "barge.auth has no rules",
    ],
    [tls("clientauth: request-client-cert"), "http.tls.clientauth has no effect without clientcas"],
    [
      "version: 0.1\nstorage: inmemory\nhttp: {addr: ':1', tls: {clientcas: [/a]}}",
      "http.tls.clientcas has no effect without certificate",
    ],
  ])("%j", async (text, words) => {
    const { warnings } = await read(onDisk(text));
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect(warnings.join()).not.toMatch(/0123456789abcdef|PEM/);
  });

  test("not: secrets that stand elsewhere", async () => {
    const text = minimal(
      `barge: {auth: {key: 'env:KEY', robots: {ci: {secret: 'env:CI'}}}, access: [{${ALICE}}]}`,
    );
    const { warnings } = await read(onDisk(text), { KEY: "PEM", CI: "0123456789abcdef" });
    expect(warnings).toEqual([]);
  });

  test.each([
    rule("subject: anonymous, repositories: ['public/**'], actions: pull"),
    minimal(
      "barge: {auth: {groups: {dev: alice}}, access: [{subject: 'group:dev', repositories: ['**'], actions: all}]}",
    ),
    minimal(
      "barge: {auth: {issuers: {x: {issuer: 'https://a.example', audience: a, groups: g}}}, access: [{subject: 'group:x:dev', repositories: ['**'], actions: all}]}",
    ),
    minimal("barge: {auth: open}"),
    tls("clientcas: [/a], clientauth: request-client-cert"),
  ])("not: %j", async (text) => {
    expect((await read(onDisk(text))).warnings).toEqual([]);
  });
});

describe("warned of without a disk for it", () => {
  const s3 = (more: string): string =>
    `version: 0.1\nstorage: {s3: {bucket: b, region: r}}\nhttp: {addr: ":5000"}\n${more}\n`;
  const htpasswd = "auth: {htpasswd: {realm: r, path: /users}}";
  const builtIn = `barge: {auth: {key: 'env:KEY'}, access: [{${ALICE}}]}`;
  const AUDIT = /^no audit log is kept: .* barge\.audit\.path$/;
  const SOCKET = /^there is no socket for barge admin init.* barge\.state\.directory$/;
  const SOCKET_AND_KEYS = /barge\.state\.directory; without it the key that signs tokens ends/;

  test.each([
    [s3(htpasswd), [AUDIT, SOCKET]],
    [s3(builtIn), [AUDIT, SOCKET]],
    [minimal(htpasswd), [AUDIT, SOCKET]],
    [minimal(`barge: {auth: {}, access: [{${ALICE}}]}`), [AUDIT, SOCKET_AND_KEYS]],
    [s3(`${htpasswd}\nbarge: {audit: {path: /a}}`), [SOCKET]],
    [s3(`${htpasswd}\nbarge: {state: {directory: /s}}`), [AUDIT]],
    [s3(`${htpasswd}\nbarge: {state: {directory: /s}, audit: {path: /a}}`), []],
    [s3(""), []],
    [s3("barge: {auth: open}"), []],
    [onDisk(minimal(htpasswd)), []],
  ])("%j", async (text, wanted) => {
    const { warnings } = await read(text, { KEY: "PEM" });
    expect(warnings).toEqual(wanted.map((words) => expect.stringMatching(words)));
  });
});

describe("rules in messages", () => {
  test("are counted from 1, with the place in the file behind", async () => {
    const text = minimal(
      `barge: {auth: {}, access: [{${ALICE}}, {subject: alice, repositories: ['**'], actions: pull}]}`,
    );
    await expect(read(text)).rejects.toThrow("rule 2 (barge.access[1].subject[0]): must be");
  });
});
