/* Keeps the chosen text size across pages, from before anything is painted, and makes the print and copy buttons work.
   Nothing depends on it. */
{
  let root = document.documentElement, size = 2;
  let show = () => { root.className = "scripted s" + size };
  try { size = localStorage.size || size } catch {}
  show();
  document.addEventListener("DOMContentLoaded", () => {
    let form = document.forms.size;
    if (form) form.s.value = size;
  });
  document.onchange = ({ target }) => {
    if (target.name == "s") { size = target.value; show(); try { localStorage.size = size } catch {} }
  };
  document.onclick = ({ target }) => {
    if (target.id == "print") print();
    if (target.id == "copy") { target.previousElementSibling.select(); navigator.clipboard?.writeText(target.previousElementSibling.value) }
  }
}
