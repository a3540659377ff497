/* Keeps the chosen text size across pages, and shows what needs a script. Nothing depends on it. */
{
  let sizes = document.forms.size.s, kept = null;
  try { kept = localStorage.size } catch {}
  if (kept) sizes.value = kept;
  document.forms.size.onchange = () => { try { localStorage.size = sizes.value } catch {} };
  let print = document.getElementById("print");
  if (print) { print.hidden = false; print.onclick = () => window.print(); }
}
