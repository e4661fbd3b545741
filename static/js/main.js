// What every page runs; each part looks for its own marks and does nothing without them.
import { startAsking } from "./ask.js";
import { startComposer } from "./composer.js";
import { startCopy } from "./copy.js";
import { startDrafts } from "./drafts.js";
import { startNetwork } from "./network.js";
import { startPanels } from "./panels.js";
import { startReader } from "./reader.js";
import { startSources } from "./sources.js";
import { startTheme } from "./theme.js";

startTheme();
startPanels();
startCopy();
startDrafts();
startNetwork();
startSources();
startReader();
const composer = startComposer();
if (composer) startAsking(composer);
