// Whether the screen tells the truth right now: a quiet dot while it does, a banner and a grey page when it does not.

import { now } from "../model/clock.js";
import { lastHeard, liveness, upstreamDetail } from "../model/stream.js";
import { duration } from "../format.js";
import { text } from "../text/index.js";
import { Icon } from "../ui/icons.jsx";

export function LiveDot() {
  const current = liveness.value;
  return (
    <span class={`live live-${current}`} title={current === "cut" ? upstreamDetail.value : undefined}>
      <span class="live-dot" aria-hidden="true" />
      <span class="live-word">{text.shell[current]}</span>
    </span>
  );
}

export function LiveBanner() {
  const current = liveness.value;
  if (current === "live" || current === "connecting") return null;
  now.value;
  const words = current === "cut" ? text.stream.cut : text.stream.lost(duration(Date.now() - lastHeard.value));
  return (
    <div class="banner" role="alert" data-testid="stream-lost">
      <Icon name="warning" />
      <div>
        <b>{words}</b>
        <span>{current === "cut" ? upstreamDetail.value : text.stream.lostHint}</span>
      </div>
    </div>
  );
}
