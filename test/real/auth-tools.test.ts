/** Clients without a daemon of their own, against the rules of a registry. */
import { CRANE, HELM, ORAS, REGCTL, SKOPEO } from "./access-tools.ts";
import { describeRules } from "./access-story.ts";

for (const kind of [SKOPEO, CRANE, ORAS, REGCTL, HELM]) describeRules(kind);
