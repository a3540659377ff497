// A telling under way, kept up to date without losing one's place. Without scripts the page reloads itself.
(() => {
  const EVERY = 2000;
  const PATIENCE = 4; // counting a large telling takes a while: then it is looked at less often
  const here = () => document.getElementById("telling");
  const look = async () => {
    const began = Date.now();
    if (!document.hidden) {
      const answer = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
      const page = answer && answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      const now = page && page.getElementById("telling");
      if (now && now.innerHTML !== here().innerHTML && !here().contains(document.activeElement)) here().replaceWith(now);
    }
    if (here().hasAttribute("data-moving")) setTimeout(look, Math.max(EVERY, PATIENCE * (Date.now() - began)));
  };
  if (here() && here().hasAttribute("data-moving")) setTimeout(look, EVERY);
})();
