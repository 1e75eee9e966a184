//! Makes sure that there is a page to embed: a notice, when the dashboard was not built before the binary.

use std::path::Path;

const NOTICE: &str = "<!doctype html><meta charset=utf-8><title>Milepost</title>\
    <p>This binary was built without its pages. Run <code>make</code>, which builds them first.\n";

fn main() -> std::io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboard/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    std::fs::create_dir_all(&dist)?;
    if !dist.join("index.html").exists() {
        std::fs::write(dist.join("index.html"), NOTICE)?;
    }
    Ok(())
}
