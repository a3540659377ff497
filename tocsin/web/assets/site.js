/* Keeps the chosen text size across pages, and shows what needs a script. Nothing depends on it. */
{
  let form = document.forms.size, print = document.getElementById("print");
  try { form.s.value = localStorage.size || form.s.value } catch {}
  form.onchange = () => { try { localStorage.size = form.s.value } catch {} };
  if (print) { print.hidden = false; print.onclick = () => window.print() }
}
