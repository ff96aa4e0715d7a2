//! Passphrases: typed, or in a file that the environment names; never an argument, which every user of the machine could see.

use crate::error::CliError;
use crate::files;
use probity_wallet::SecretString;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Names a file whose first line is the passphrase.
pub const VARIABLE: &str = "PROBITY_PASSPHRASE_FILE";

/// The passphrase of an existing wallet.
///
/// # Errors
/// [`CliError::Passphrase`], [`CliError::File`].
pub fn existing() -> Result<SecretString, CliError> {
    match from_file()? {
        Some(passphrase) => Ok(passphrase),
        None => prompt("Passphrase of the wallet: "),
    }
}

/// A passphrase for a new wallet, typed twice.
///
/// # Errors
/// As [`existing`], or when the two differ.
pub fn new() -> Result<SecretString, CliError> {
    use probity_wallet::ExposeSecret;
    if let Some(passphrase) = from_file()? {
        return Ok(passphrase);
    }
    let (first, second) = (prompt("New passphrase: ")?, prompt("The same again: ")?);
    if first.expose_secret() == second.expose_secret() { Ok(first) } else { Err(CliError::Passphrase("the two differ".into())) }
}

fn prompt(text: &str) -> Result<SecretString, CliError> {
    rpassword::prompt_password(text).map(SecretString::from).map_err(|e| CliError::Passphrase(e.to_string()))
}

fn from_file() -> Result<Option<SecretString>, CliError> {
    let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(None) };
    files::check_private(&path)?;
    let bytes = Zeroizing::new(files::read(&path, 4_096)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| CliError::Passphrase(format!("{} is not text", path.display())))?;
    Ok(Some(SecretString::from(text.lines().next().unwrap_or_default().to_owned())))
}
