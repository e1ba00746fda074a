//! Errors as they travel.

/// The name of a login that is refused. Workers in Python end at any other error of a login.
const UNAUTHORIZED: &str = "twisted.cred.error.UnauthorizedLogin";

/// An exception of the other side, or one for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The dotted name of the exception.
    pub type_name: String,
    /// Its text.
    pub value: String,
    /// As much of a traceback as the peer tells.
    pub traceback: String,
    /// Dotted names of the class and its bases, the class first. Peers cannot read a failure without them.
    pub parents: Vec<String>,
}

impl Failure {
    /// An exception of this class, whose bases are those that every exception has.
    pub fn new(type_name: &str, value: impl Into<String>) -> Self {
        let bases = ["builtins.Exception", "builtins.BaseException", "builtins.object"];
        Self::derived(type_name, &bases, value)
    }

    /// An exception of a class with these bases.
    pub fn derived(type_name: &str, bases: &[&str], value: impl Into<String>) -> Self {
        Self {
            type_name: type_name.to_owned(),
            value: value.into(),
            traceback: "Traceback unavailable\n".to_owned(),
            parents: [type_name].iter().chain(bases).map(|name| (*name).to_owned()).collect(),
        }
    }

    /// An error of the library itself.
    pub fn pb_error(value: impl Into<String>) -> Self {
        Self::new("twisted.spread.pb.Error", value)
    }

    /// A call of something the object does not offer.
    pub fn no_such_method(method: &str) -> Self {
        let bases = ["builtins.AttributeError", "builtins.Exception", "builtins.BaseException", "builtins.object"];
        Self::derived("twisted.spread.flavors.NoSuchMethod", &bases, format!("No such method: remote_{method}"))
    }

    /// A login that is refused; whoever asked tries again later.
    pub fn unauthorized() -> Self {
        let bases = [
            "twisted.cred.error.LoginFailed",
            "twisted.cred.error.Unauthorized",
            "builtins.Exception",
            "builtins.BaseException",
            "builtins.object",
        ];
        Self::derived(UNAUTHORIZED, &bases, "")
    }

    /// Whether it is of this class or of one derived from it.
    pub fn is(&self, name: &str) -> bool {
        self.type_name == name || self.parents.iter().any(|parent| parent == name)
    }

    pub fn is_unauthorized(&self) -> bool {
        self.is(UNAUTHORIZED)
    }

    pub fn is_no_such_method(&self) -> bool {
        self.type_name.ends_with(".NoSuchMethod") || self.type_name.ends_with(".AttributeError")
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value.as_str() {
            "" => f.write_str(&self.type_name),
            value => write!(f, "{}: {value}", self.type_name),
        }
    }
}
