// An import's page follows its row every 5 s, and says aloud only when the stage has changed.
const PERIOD_MS = 5000;

async function follow(place) {
  const said = document.querySelector("[data-job-said]");
  while (place.querySelector('[data-open="1"]')) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    const before = place.firstElementChild.dataset.said;
    try {
      const answer = await fetch(place.dataset.jobProgress, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      place.innerHTML = await answer.text();
    } catch {
      continue; // offline: the next round tries again
    }
    const now = place.firstElementChild.dataset.said;
    if (now !== before && said) said.textContent = now;
  }
}

document.querySelectorAll("[data-job-progress]").forEach(follow);
