//! A local stack with what the events expect in it.

use packages_api::formats::Ecosystem;
use packages_api::records::{NewToken, Records, operator_deadline};
use packages_api::registries::{self, NewRegistry};
use packages_api::{Actor, DEVELOPMENT_TOKEN, Scope, Slug};
use packages_api_local::{Stack, StackOptions};

/// The organization `my_great_org`, its registries `my-registry` (ruby), `my-python`, `my-javascript` and
/// `files`, and the development token for all of it.
pub(crate) async fn seeded_stack(options: StackOptions) -> Stack {
    let stack = Stack::start(options).await.expect("a stack");
    let records = Records::new(&stack.sdk_config(), stack.table());
    let by = Actor::operator("a test");
    let slug = |text: &str| text.parse::<Slug>().expect("a slug");
    let organization = records
        .create_organization(&slug("my_great_org"), &by)
        .await
        .expect("new");
    for (registry, ecosystem) in [
        ("my-registry", Ecosystem::Ruby),
        ("my-python", Ecosystem::Python),
        ("my-javascript", Ecosystem::Javascript),
        ("files", Ecosystem::Files),
    ] {
        let new = NewRegistry::plain(slug(registry), ecosystem);
        let made = registries::create(&records, &organization, new, &by, operator_deadline());
        made.await.expect("new");
    }
    let token = NewToken {
        scopes: Scope::ALL.to_vec(),
        ..NewToken::default()
    };
    let secret = DEVELOPMENT_TOKEN.parse().expect("well-formed");
    records
        .create_token(&organization, &secret, token, &by)
        .await
        .expect("new");
    stack
}
