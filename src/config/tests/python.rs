//! Python that configurations contain, run here: `python.txt` holds under Python 3 as well.

use std::fs;

use crate::config::Loader;

#[test]
fn python_means_here_what_it_means_there() {
    let text = include_str!("python.txt");
    let base_dir = tempfile::tempdir().unwrap();
    fs::write(base_dir.path().join("python.txt"), text).unwrap();
    let text = format!("{text}\nBuildmasterConfig = 'reached'\n");
    let errors = Loader::new(base_dir.path()).text("python.txt", &text).unwrap_err().to_string();
    assert!(errors.contains("'BuildmasterConfig' must be a dictionary"), "{errors}");
}
