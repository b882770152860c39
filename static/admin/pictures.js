/* The window in which a still is picked for a text. It was opened by the editor's figure dialog, which left
   the number of its callback in the address; which film it is about, the form that opened it knows. */
const address = new URL(location.href)
const film = window.opener?.document.getElementById("id_film")?.value

if (film && !address.searchParams.has("film")) {
  address.searchParams.set("film", film)
  location.replace(address)
} else if (!film) {
  const note = document.getElementById("no-pictures")
  if (note && !address.searchParams.has("film")) note.textContent = "Choose the film of the review first, then its pictures."
}

for (const button of document.querySelectorAll(".choose-picture button"))
  button.addEventListener("click", () => {
    const { url, alt, credit } = button.dataset
    const number = address.searchParams.get("CKEditorFuncNum")
    window.opener.CKEDITOR.tools.callFunction(number, url, { alternative_text: alt, caption: credit })
    window.close()
  })
