// A telling under way, kept up to date without losing one's place. Without scripts the page reloads itself.
(() => {
  const EVERY = 2000;
  const here = () => document.getElementById("telling");
  const look = async () => {
    if (!document.hidden) {
      const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
      const page = answer && answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      const now = page && page.getElementById("telling");
      if (now && now.innerHTML !== here().innerHTML && !here().contains(document.activeElement)) here().replaceWith(now);
    }
    if (here().hasAttribute("data-moving")) setTimeout(look, EVERY);
  };
  if (here() && here().hasAttribute("data-moving")) setTimeout(look, EVERY);
})();
