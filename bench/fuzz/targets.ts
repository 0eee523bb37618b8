/** Every protocol that `bench/bridge-fuzz.ts` fires at. Add an adapter's targets to the list. */

import { adapterTargets } from "./adapters.ts";
import { ownTargets } from "./own-wire.ts";
import type { FuzzTarget } from "./target.ts";

export const fuzzTargets: readonly FuzzTarget[] = [...ownTargets, ...adapterTargets];
