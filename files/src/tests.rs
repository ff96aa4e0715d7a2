use super::*;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    (folder, path)
}

#[test]
fn a_file_is_replaced_whole() {
    let (folder, path) = place();
    replace(&path, |file| file.write_all(b"the old one, longer")).unwrap();
    replace(&path, |file| {
        file.write_all(b"the ")?;
        assert_eq!(fs::read(&path)?, b"the old one, longer", "until all is written");
        let during = names(folder.path());
        assert!(during.len() == 2 && during[0].starts_with(TEMPORARY), "{during:?}");
        file.write_all(b"new")
    })
    .unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"the new");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn what_breaks_off_leaves_nothing() {
    let (folder, path) = place();
    fn half(file: &mut File) -> io::Result<()> {
        file.write_all(b"half of")?;
        Err(io::ErrorKind::StorageFull.into())
    }
    for refused in [replace(&path, half), create(&path, half)] {
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(names(folder.path()).is_empty());
    }
    fs::write(&path, "before").unwrap();
    replace(&path, half).unwrap_err();
    assert_eq!(fs::read(&path).unwrap(), b"before");
    // a folder cannot be replaced by a file
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    replace(&taken, |file| file.write_all(b"content")).unwrap_err();
    assert_eq!(names(folder.path()), ["file", "taken"]);
}

#[test]
fn what_is_there_is_not_created() {
    let (folder, path) = place();
    create(&path, |file| file.write_all(b"first")).unwrap();
    let refused = create(&path, |_| panic!("it is known before anything is written")).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn of_two_that_create_one_succeeds() {
    let (folder, path) = place();
    let late = create(&path, |file| {
        create(&path, |other| other.write_all(b"first"))?;
        file.write_all(b"second")
    });
    assert_eq!(late.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_missing_folder_is_not_made() {
    let (folder, path) = place();
    let path = path.join("below");
    for refused in [replace(&path, |_| Ok(())), create(&path, |_| Ok(()))] {
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_bare_name_lies_in_the_current_folder() {
    for (path, folder) in [("file", "."), ("a/file", "a"), ("/file", "/"), ("./file", "."), ("", ".")] {
        assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path:?}");
    }
}

#[cfg(unix)]
mod permissions {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn files_are_for_their_owner_from_the_start() {
        let (folder, path) = place();
        let look = |_: &mut File| {
            let temporary = names(folder.path()).into_iter().find(|name| name.starts_with(TEMPORARY)).unwrap();
            assert_eq!(mode(&folder.path().join(temporary)), 0o600);
            Ok(())
        };
        create(&path, look).unwrap();
        assert_eq!(mode(&path), 0o600);
        // one that others could read, they can read no more
        set_mode(&path, 0o644);
        replace(&path, look).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn folders_are_for_their_owner() {
        let (folder, _) = place();
        let path = folder.path().join("a/b");
        private_folder(&path).unwrap();
        assert_eq!((mode(&path), mode(&folder.path().join("a"))), (0o700, 0o700));
        // one that is there stays as it is
        set_mode(&path, 0o755);
        private_folder(&path).unwrap();
        assert_eq!(mode(&path), 0o755);
    }

    #[test]
    fn whoever_else_may_do_anything_is_seen() {
        let (folder, path) = place();
        assert_eq!(is_private(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::write(&path, "").unwrap();
        for path in [folder.path(), path.as_path()] {
            set_mode(path, 0o700);
            assert!(is_private(path).unwrap());
            for bit in 0..6 {
                set_mode(path, 0o700 | 1 << bit);
                assert!(!is_private(path).unwrap(), "bit {bit}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_synced_is_found_out_first() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = place();
    let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o300);
    // whoever may do everything may open it, too
    let may = File::open(folder.path()).is_ok();
    let written = create(&path, |file| file.write_all(b"content"));
    mode(0o700);
    assert_eq!(written.is_ok(), may);
    assert_eq!(path.exists(), may, "an error means that nothing is there");
}
