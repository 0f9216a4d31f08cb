//! The tasks of the district's action plan that departments answer for, and the goods that each is about.
//!
//! A department reads the figures of its tasks' goods, without names: no person, masked or not, stands in what it is
//! shown. Retailers and stores are organisations, and theirs do.

use super::goods::Category;

/// The goods of a task: 12 cars, 13 e-bikes, 14 home appliances. Telephones, tablets, watches and glasses belong to
/// none of them.
fn is_about(task: u8, category: Category) -> bool {
    match task {
        12 => category == Category::Car,
        13 => category == Category::Ebike,
        14 => category.is_appliance(),
        _ => false,
    }
}

/// The task that goods belong to; telephones, tablets, watches and glasses belong to none.
#[must_use]
pub fn task_of(category: Category) -> Option<u8> {
    [12, 13, 14].into_iter().find(|task| is_about(*task, category))
}

/// The goods whose figures somebody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight(Vec<Category>);

impl Sight {
    /// The bureau's: all goods.
    #[must_use]
    pub fn whole() -> Self {
        Self(Category::ALL.to_vec())
    }

    /// A department's: the goods of its tasks.
    #[must_use]
    pub fn of_tasks(tasks: &[u8]) -> Self {
        let seen = Category::ALL.iter().filter(|category| tasks.iter().any(|task| is_about(*task, **category)));
        Self(seen.copied().collect())
    }

    /// The goods.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.0
    }

    /// Whether any of these goods is among them.
    #[must_use]
    pub fn sees_any(&self, categories: impl IntoIterator<Item = Category>) -> bool {
        categories.into_iter().any(|category| self.0.contains(&category))
    }

    /// Whether nothing is seen.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is seen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.len() == Category::ALL.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_about_its_goods() {
        assert_eq!(Sight::of_tasks(&[12]).categories(), [Category::Car]);
        assert_eq!(Sight::of_tasks(&[13, 13]).categories(), [Category::Ebike]);
        assert_eq!(Sight::of_tasks(&[14]).categories().len(), 12);
        assert_eq!(Sight::of_tasks(&[12, 13, 14]).categories().len(), 14);
        assert!(!Sight::of_tasks(&[12, 13, 14]).sees_any([Category::Phone]));
        assert!(Sight::of_tasks(&[]).is_blind() && Sight::of_tasks(&[0, 16, 255]).is_blind());
        assert!(Sight::whole().is_whole() && !Sight::of_tasks(&[12, 13, 14]).is_whole());
    }
}
