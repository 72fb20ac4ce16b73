import { describe, expect, test } from "vitest";
import { vouchingProblem } from "../../src/config/vouching.ts";

describe("vouchingProblem", () => {
  const GITLAB = "https://gitlab.com";
  const CLUSTER = "https://kubernetes.default.svc";
  const ACTIONS = "https://token.actions.githubusercontent.com";
  const OWN_SERVER = "https://github.example.com/_services/token";

  test.each([
    [ACTIONS, { repository_owner: ["org"] }],
    [ACTIONS, { repository_owner_id: ["123"], ref: ["*"] }],
    [ACTIONS, { repository: ["org/app"] }],
    [ACTIONS, { repository: ["org/*", "other/*"] }],
    [ACTIONS, { sub: ["repo:org/*"] }],
    [ACTIONS, { sub: ["repository_owner:org:*"] }],
    [OWN_SERVER, { sub: ["repo:org/app:ref:refs/heads/main"] }],
    [GITLAB, { namespace_path: ["group"] }],
    [GITLAB, { project_path: ["group/*"] }],
    [GITLAB, { project_id: ["7"] }],
    [GITLAB, { sub: ["project_path:group/*"] }],
    [CLUSTER, { "kubernetes.io/namespace": ["team-*"] }],
    [CLUSTER, { sub: ["system:serviceaccount:shop:ci"] }],
    [CLUSTER, { sub: ["system:serviceaccount:shop:*"] }],
    ["https://id.example", { sub: ["alice"] }],
    ["https://id.example", { sub: ["spiffe://example/*"] }],
  ])("%s with %j says whose jobs", (url, given) => {
    expect(vouchingProblem(given, { issuer: url })).toBeUndefined();
  });

  test.each([
    [ACTIONS, {}],
    [ACTIONS, { actor: ["me"] }],
    [ACTIONS, { repository_owner: ["*"] }],
    [ACTIONS, { repository_owner: ["org*"] }],
    [ACTIONS, { repository_owner: ["org", "*org"] }],
    [ACTIONS, { repository: ["org*"] }],
    [ACTIONS, { repository: ["*/app"] }],
    [ACTIONS, { repository: ["/*"] }],
    [ACTIONS, { sub: ["repo:*"] }],
    [ACTIONS, { sub: ["repo:org*"] }],
    [ACTIONS, { sub: ["re*"] }],
    [ACTIONS, { sub: ["environment:production"] }],
    [OWN_SERVER, { sub: ["ref:refs/heads/main"] }],
    [GITLAB, { sub: ["project_path:*"] }],
    [GITLAB, { sub: ["p*"] }],
    [GITLAB, { namespace_path: ["group*"] }],
    [GITLAB, { project_id: ["7*"] }],
    [CLUSTER, { "kubernetes.io/namespace": ["*"] }],
    [CLUSTER, { sub: ["system:serviceaccount:*"] }],
    [CLUSTER, { sub: ["*"] }],
    ["https://id.example", { email: ["alice@example"] }],
  ])("%s with %j lets others in", (url, given) => {
    expect(vouchingProblem(given as Record<string, readonly string[]>, { issuer: url })).toEqual(
      expect.any(String),
    );
  });
});
