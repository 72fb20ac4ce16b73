/** What is wrong with `auth`, `barge.auth`, `barge.access`, and what is told of them. */
import { describe, expect, test } from "vitest";
import { minimal, problemsOf } from "./reading.ts";

const token = (more: string): string =>
  minimal(`auth: {token: {realm: 'https://a.example/t', service: s, issuer: i, ${more}}}`);
const auth = (more: string): string => minimal(`barge: {auth: {${more}}}`);
const issuer = (more: string): string => auth(`issuers: {x: {${more}}}`);
const GITHUB = "github: {issuer: 'https://token.actions.githubusercontent.com', audience: a}";
const rule = (text: string): string =>
  minimal(`barge: {auth: {issuers: {${GITHUB}}}, access: [{${text}}]}`);
const ALICE = "subject: 'user:alice', repositories: ['**'], actions: [pull]";
const subject = (text: string): string =>
  rule(`subject: ${JSON.stringify(text)}, repositories: ['**'], actions: [pull]`);
const repositories = (text: string): string =>
  rule(`subject: 'user:alice', repositories: ${text}, actions: [pull]`);
const actions = (text: string): string =>
  rule(`subject: 'user:alice', repositories: ['**'], actions: ${text}`);
const claims = (text: string): string =>
  rule(`subject: 'claims:github', claims: {${text}}, repositories: ['**'], actions: [pull]`);
const tls = (text: string): string =>
  `version: 0.1\nstorage: inmemory\nhttp: {addr: ':1', tls: {certificate: c, key: k, ${text}}}`;

/** Text, path and a piece of the message. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  [minimal("auth: {ldap: {}}"), "auth.ldap", "not a type of authentication (htpasswd, token"],
  [minimal("auth: htpaswd"), "auth.htpaswd", 'did you mean "htpasswd"?'],
  [minimal("auth: {none: , silly: {realm: r, service: s}}"), "auth", "more than one type"],
  [minimal("auth: {htpasswd: {realm: r}}"), "auth.htpasswd.path", "is missing"],
  [minimal("auth: {htpasswd: {path: /p}}"), "auth.htpasswd.realm", "is missing"],
  [minimal('auth: {htpasswd: {path: /p, realm: "a\\nb"}}'), "auth.htpasswd.realm", "printable"],
  [minimal("auth: {silly: {realm: r}}"), "auth.silly.service", "is missing"],
  [token(""), "auth.token.rootcertbundle", "or in jwks"],
  [token("jwks: /j, signingalgorithms: [none]"), "auth.token.signingalgorithms[0]", "one of EdDSA"],
  [token("jwks: /j, signingalgorithms: [ES257]"), "auth.token.signingalgorithms[0]", '"ES256"?'],
  [token("jwks: /j, autoredirectpath: t"), "auth.token.autoredirectpath", "begin with /"],
  [token("jwks: /j, autoredirect: 'yes'"), "auth.token.autoredirect", "true or false"],
  [minimal("auth: {token: {service: s, issuer: i, jwks: /j}}"), "auth.token.realm", "autoredirect"],
  [
    minimal("auth: {token: {realm: r, service: s, issuer: i, jwks: /j}}"),
    "auth.token.realm",
    "must be the URL",
  ],
  [
    minimal("auth: {token: {autoredirect: true, issuer: i, jwks: /j}}"),
    "auth.token.service",
    "is missing",
  ],
  [
    minimal("auth: {token: {autoredirect: true, service: s, jwks: /j}}"),
    "auth.token.issuer",
    "is missing",
  ],
  [tls("clientcas: [/a], clientauth: always"), "http.tls.clientauth", "one of request-client-cert"],
  [minimal("barge: {auth: closed}"), "barge.auth", "must be a map of settings, or open"],
  [minimal("barge: {auth: {tokenlifetime: 5m}}"), "barge.auth.tokenlifetime", "tokenLifetime?"],
  [auth("tokenLifetime: 30s"), "barge.auth.tokenLifetime", "from 1m to 1h"],
  [auth("tokenLifetime: 2h"), "barge.auth.tokenLifetime", "from 1m to 1h"],
  [auth("refreshTokenLifetime: 1m"), "barge.auth.refreshTokenLifetime", "from 1h to 8784h"],
  [auth("attempts: {perAddress: 0}"), "barge.auth.attempts.perAddress", "at least 1"],
  [auth("attempts: {perMinute: 9}"), "barge.auth.attempts.perMinute", "is not a setting"],
  [auth('service: "a\\u0007"'), "barge.auth.service", "printable"],
  [auth("key: 'env:NOT_THERE'"), "barge.auth.key", "the variable NOT_THERE"],
  [auth("robots: {ci: {secret: short}}"), "barge.auth.robots.ci.secret", "at least 16"],
  [auth("robots: {ci: {secret: 'env:NO'}}"), "barge.auth.robots.ci.secret", "the variable NO"],
  [auth("robots: {ci: {}}"), "barge.auth.robots.ci.secret", "is missing"],
  [
    auth("robots: {robot+ci: {secret: 0123456789abcdef}}"),
    "barge.auth.robots.robot+ci",
    "leave robot+ out",
  ],
  [auth("robots: {CI: {secret: 0123456789abcdef}}"), "barge.auth.robots.CI", "lower-case"],
  [auth("groups: {dev: [robot+ci]}"), "barge.auth.groups.dev[0]", "it is for robots"],
  [auth("groups: {dev: [oidc]}"), "barge.auth.groups.dev[0]", "no user can have"],
  [auth("groups: {dev: ['a:b']}"), "barge.auth.groups.dev[0]", "colon"],
  [auth('groups: {dev: ["a\\nb"]}'), "barge.auth.groups.dev[0]", "odd characters"],
  [auth('groups: {"a,b": [alice]}'), "barge.auth.groups.a,b", "odd characters"],
  [auth("groups: {dev: []}"), "barge.auth.groups.dev", "is empty"],
  [auth('groups: {"github:dev": [alice]}'), "barge.auth.groups.github:dev", "has a colon"],
  [issuer("audience: a"), "barge.auth.issuers.x.issuer", "is missing"],
  [issuer("issuer: 'https://a.example'"), "barge.auth.issuers.x.audience", "is missing"],
  [issuer("issuer: 'https://a.example', audience: []"), "barge.auth.issuers.x.audience", "empty"],
  [issuer("issuer: 'http://a.example', audience: a"), "barge.auth.issuers.x.issuer", "of https"],
  [issuer("issuer: a.example, audience: a"), "barge.auth.issuers.x.issuer", "of https"],
  [
    issuer("issuer: 'https://a.example', audience: a, maxTokenAge: 25h"),
    "barge.auth.issuers.x.maxTokenAge",
    "from 1m to 24h",
  ],
  [
    auth("issuers: {X: {issuer: 'https://a.example', audience: a}}"),
    "barge.auth.issuers.X",
    "not the name of an issuer",
  ],
  [
    auth(
      `issuers: {${GITHUB}, g2: {issuer: 'https://token.actions.githubusercontent.com', audience: b}}`,
    ),
    "barge.auth.issuers.g2.issuer",
    "is the issuer of github already",
  ],
  [
    issuer("issuer: 'https://token.actions.githubusercontent.com', audience: a, groups: actor"),
    "barge.auth.issuers.x.groups",
    "such as repository_owner",
  ],
  [
    issuer("issuer: 'https://gitlab.com', audience: a, groups: ref"),
    "barge.auth.issuers.x.groups",
    "such as namespace_path",
  ],
  [minimal(`barge: {access: [{${ALICE}}]}`), "barge.access", "write barge.auth as a map"],
  [minimal("barge: {access: []}"), "barge.access", "or remove the rules"],
  [minimal(`barge: {auth: open, access: [{${ALICE}}]}`), "barge.access", "write barge.auth as a"],
  [
    minimal("auth: {silly: {realm: r, service: s}}\nbarge: {auth: {}}"),
    "barge.auth",
    "beside auth.silly; remove one",
  ],
  [
    minimal(
      "auth: {token: {service: s, issuer: i, jwks: /j, autoredirect: on}}\nbarge: {auth: {}}",
    ),
    "barge.auth",
    "beside auth.token",
  ],
  [minimal("auth: none\nbarge: {auth: {}}"), "barge.auth", "beside auth.none"],
  [
    minimal("auth: {htpasswd: {realm: r, path: /p}}\nbarge: {auth: open}"),
    "barge.auth",
    "auth.htpasswd says the opposite",
  ],
  [auth("open: , users: /p"), "barge.auth", "is open and names users as well"],
  [auth("open: , groups: {dev: alice}"), "barge.auth", "is open and names groups as well"],
  [
    minimal("auth: {htpasswd: {realm: r, path: /p}}\nbarge: {auth: {users: /q}}"),
    "barge.auth.users",
    "another file than auth.htpasswd.path",
  ],
  [
    "version: 0.1\nstorage: {s3: {bucket: b, region: r}}\nhttp: {addr: ':1'}\nbarge: {auth: {}}",
    "barge.auth.key",
    "the same for every replica",
  ],
  [minimal("barge: {auth: ''}"), "barge.auth", "must be a map of settings, or open"],
  [minimal("barge: {auth: true}"), "barge.auth", "must be a map of settings, or open"],
  [minimal("barge: {auth: opne}"), "barge.auth.opne", "did you mean barge.auth.open?"],
  [auth("access: []"), "barge.auth.access", "did you mean barge.access?"],
  [rule("repositories: ['**'], actions: [pull]"), "barge.access[0].subject", "is missing"],
  [subject("alice"), "barge.access[0].subject[0]", "must be anonymous, authenticated, user:NAME"],
  [subject("anonymus"), "barge.access[0].subject[0]", 'did you mean "anonymous"?'],
  [subject("users:alice"), "barge.access[0].subject[0]", 'did you mean "user"?'],
  [subject("user"), "barge.access[0].subject[0]", "the name is missing"],
  [subject("user:"), "barge.access[0].subject[0]", "odd characters"],
  [subject("user:*"), "barge.access[0].subject[0]", "odd characters"],
  [subject("user:robot+ci"), "barge.access[0].subject[0]", "robot:NAME"],
  [subject("robot:robot+ci"), "barge.access[0].subject[0]", "leave robot+ out"],
  [subject("constructor:x"), "barge.access[0].subject[0]", "must be anonymous"],
  [subject("claims:gitlab"), "barge.access[0].subject", "does not have"],
  [subject("claims:githib"), "barge.access[0].subject", 'did you mean "github"?'],
  [repositories("[]"), "barge.access[0].repositories", "is empty"],
  [repositories("['']"), "barge.access[0].repositories[0]", "is missing"],
  [repositories("['Team/*']"), "barge.access[0].repositories[0]", "can match no repository"],
  [repositories("['/team']"), "barge.access[0].repositories[0]", "can match no repository"],
  [repositories("['a***']"), "barge.access[0].repositories[0]", "two * in a row"],
  [rule("subject: 'user:a', actions: [pull]"), "barge.access[0].repositories", "is missing"],
  [actions("[]"), "barge.access[0].actions", "is empty"],
  [actions("[read]"), "barge.access[0].actions[0]", "must be one of pull, push, overwrite"],
  [actions("[pul]"), "barge.access[0].actions[0]", 'did you mean "pull"?'],
  [rule(`${ALICE}, repos: ['a']`), "barge.access[0].repos", "is not a setting"],
  [rule(`${ALICE}, claims: {ref: main}`), "barge.access[0].claims", "only for a subject claims:"],
  [subject("claims:github"), "barge.access[0].claims", "must say whose jobs"],
  [claims(""), "barge.access[0].claims", "must say whose jobs"],
  [claims("ref: refs/heads/main"), "barge.access[0].claims", "such as repository_owner: my-org"],
  [claims("repository_owner: '*'"), "barge.access[0].claims", "must say whose jobs"],
  [claims("repository_owner: [org, '*']"), "barge.access[0].claims", "must say whose jobs"],
  [claims("repository_owner: []"), "barge.access[0].claims.repository_owner", "is empty"],
  [minimal("barge: {audit: {file: /a}}"), "barge.audit.file", "is not a setting"],
  [minimal("barge: {audit: {pulls: 'yes'}}"), "barge.audit.pulls", "true or false"],
];

describe("refused", () => {
  test.for(
    REFUSED.map(([text, path, words]) => ({
      text,
      path,
      words,
      flow: text.replaceAll("\n", " ").slice(44),
    })),
  )("$path with '$words' in: $flow", async ({ text, path, words }) => {
    const problems = await problemsOf(text);

    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.message).toContain(words);
  });

  test("an unknown type that comes from the environment", async () => {
    const problems = await problemsOf(minimal(), { REGISTRY_AUTH_LDAP_URL: "ldap://a" });
    expect(problems).toEqual([
      { path: "auth.ldap", message: expect.stringContaining("not a type of authentication") },
    ]);
  });

  test("no problem shows a secret", async () => {
    const problems = await problemsOf(
      auth(
        "key: [hunter2], robots: {ci: {secret: hunter2}, x: {secrets: hunter2}}, groups: hunter2",
      ),
    );
    expect(problems.length).toBeGreaterThan(3);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });
});
