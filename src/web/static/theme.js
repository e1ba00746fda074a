// Runs before the page is painted, so that a chosen theme does not flash: nothing more is here. The switch is in
// page.js.
(function () {
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // storage may be forbidden; then the system's choice holds
  }
})();
