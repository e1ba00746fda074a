//! Python that configurations contain, run here: `python.txt` holds under Python 3 as well.

use super::load;

#[test]
fn python_means_here_what_it_means_there() {
    let text = format!("{}\nBuildmasterConfig = 'reached'\n", include_str!("python.txt"));
    let errors = load(&text).unwrap_err().to_string();
    assert!(errors.contains("'BuildmasterConfig' must be a dictionary"), "{errors}");
}
