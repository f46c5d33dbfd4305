//! Files of any size: a form, a post, a `package_url`.

mod forms;
mod names;
mod publishing;
mod repeats;

use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;

fn files(app: &TestApp) -> Client {
    app.user.at(ORGANIZATION, FILES)
}
