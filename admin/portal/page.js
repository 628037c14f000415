"use strict"

// Shows and hides the password. Without this script the button stays hidden.
for (const button of document.querySelectorAll("button[data-hide]")) {
  const field = document.getElementById(button.getAttribute("aria-controls"))
  const show = button.textContent
  button.hidden = false
  button.addEventListener("click", () => {
    const hidden = field.type === "password"
    field.type = hidden ? "text" : "password"
    button.textContent = hidden ? button.dataset.hide : show
    field.focus()
  })
}

// A form is sent once, unless the browser comes back to its page.
const submits = document.querySelectorAll("button.main")
for (const button of submits) button.form.addEventListener("submit", () => { button.disabled = true })
addEventListener("pageshow", () => submits.forEach(button => { button.disabled = false }))

// While the device connects, the page follows it. With one radio the device is gone meanwhile, and may come back.
const progress = document.querySelector("[data-revision]")
const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000))
const follow = async () => {
  const gone = document.getElementById("gone")
  for (;;) {
    try {
      const response = await fetch(`/change?seen=${progress.dataset.revision}`, { cache: "no-store" })
      if (!response.ok || await response.text() !== progress.dataset.revision) return location.replace("/")
    } catch {
      gone.hidden = false
      await pause(3)
    }
  }
}
if (progress) follow()
