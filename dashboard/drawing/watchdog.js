// What the server can't do for a page: it is run by the page itself, every second.
window.watchdog ??= setInterval(() => {
  // When Streamlit's front end fails it takes everything off the page and stays so. The address says which tab and
  // place were open: the page is opened again.
  if (document.getElementById("root")?.childElementCount === 0) location.reload();

  // Without a server the figures stay as they were: from when they are is said over them.
  const app = document.querySelector("[data-testid=stApp]");
  let said = document.getElementById("e-contact");
  if (!app || app.dataset.testConnectionState === "CONNECTED") {
    said?.remove();
  } else if (!said) {
    said = document.createElement("div");
    said.id = "e-contact";
    said.setAttribute("role", "status");
    const time = new Date().toISOString().slice(11, 19);
    said.textContent = `No contact with the server since ${time} UTC: this page stays as it was then.`;
    document.body.append(said);
  }
}, 1000);
