/* Keeps the chosen text size across pages and makes the print and copy buttons work. Nothing depends on it. */
{
  let form = document.forms.size;
  try { form.s.value = localStorage.size || form.s.value } catch {}
  form.onchange = () => { try { localStorage.size = form.s.value } catch {} };
  document.documentElement.className = "scripted";
  document.onclick = ({ target }) => {
    if (target.id == "print") print();
    if (target.id == "copy") { target.previousElementSibling.select(); navigator.clipboard?.writeText(target.previousElementSibling.value) }
  }
}
