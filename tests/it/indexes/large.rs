//! Indexes of several blocks: what a fold writes does not grow with the registry.

use packages_api::Digest;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::bulk;
use crate::support::gem::Gem;
use crate::support::lines::{Reader, text};

#[tokio::test]
async fn folds_touch_few_blocks() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    let like = app.user.publish(&Gem::new("a-first", "1.0.0").build()).await.id();
    let names = (0..3000).map(|number| format!("gem{number:05}"));
    let registry = format!("{ORGANIZATION}/{REGISTRY}");
    bulk::add(&app.stack, &registry, &like, names).await;
    let mut expected: Vec<_> = (0..3000).map(|number| format!("gem{number:05} 1.0.0")).collect();
    expected.insert(0, "a-first 1.0.0".to_owned());
    assert_eq!(reader.packages().await, expected);
    let before = app.contents().await.objects;
    // In the middle, at the end, and one that goes.
    for (name, position) in [("gem01500-a", 1502), ("zebra", 3002)] {
        app.user.publish(&Gem::new(name, "1.0.0").build()).await.id();
        expected.insert(position, format!("{name} 1.0.0"));
    }
    assert_eq!(reader.packages().await, expected);
    let document = reader.document("packages").await;
    assert_eq!(
        document.text_sha256,
        Some(Digest::sha256(text(&document).as_bytes()))
    );
    assert_eq!(reader.read("names").await.lines().count(), 3004);
    let sizes = |objects: &std::collections::BTreeMap<String, Vec<u8>>| {
        let sizes = objects.iter().filter(|(key, _)| key.starts_with("indexes/"));
        let mut sizes: Vec<_> = sizes.map(|(key, bytes)| (key.clone(), bytes.len())).collect();
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        sizes
    };
    let after = app.contents().await.objects;
    let all = sizes(&before).first().expect("objects").1;
    let new: Vec<_> = sizes(&after)
        .into_iter()
        .filter(|(key, _)| !before.contains_key(key))
        .collect();
    assert_eq!(new.len(), 4, "two documents, the segments and the manifest");
    assert!(
        new.iter().all(|(_, size)| *size < all / 2),
        "{new:?} of {all} bytes of segments"
    );
}
