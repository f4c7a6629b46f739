// When Streamlit's front end fails it takes everything off the page and stays so. The address says which tab and place
// were open: the page is opened again.
window.watchdog ??= setInterval(() => {
  if (document.getElementById("root")?.childElementCount === 0) location.reload();
}, 3000);
