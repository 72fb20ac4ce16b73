/** Clients with a store of images, against the rules of a registry. */
import { BUILDAH, CONTAINERD, PODMAN } from "./access-engines.ts";
import { describeRules } from "./access-story.ts";

for (const kind of [PODMAN, BUILDAH, CONTAINERD]) describeRules(kind);
