/* Keeps the chosen text size across pages and makes the print button work. Nothing depends on it. */
{
  let form = document.forms.size;
  try { form.s.value = localStorage.size || form.s.value } catch {}
  form.onchange = () => { try { localStorage.size = form.s.value } catch {} };
  document.documentElement.className = "scripted";
  document.onclick = (event) => { if (event.target.id == "print") print() }
}
