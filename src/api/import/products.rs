//! The product list as it counts.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use std::future::{Ready, ready};

use crate::api::auth::ProductReader;
use crate::api::body::words::CategoryWord;
use crate::api::error::ApiError;
use crate::api::page::Paging;
use crate::api::query::{Asked, Nothing, Params, Wanted};
use crate::api::server::Service;
use crate::api::view::{ListView, ProductView, ProductWithEntriesView};
use crate::domain::brand;
use crate::domain::goods::Category;

/// Entries of one product that are shown.
const ENTRIES: i64 = 50;

/// Which products.
#[derive(Debug)]
pub struct ProductsAsked {
    paging: Paging,
    category: Option<Category>,
    brand: Option<String>,
}

impl Wanted for ProductsAsked {
    const NAMES: &'static [&'static str] = &["limit", "cursor", "category", "brand"];

    fn take(params: &Params) -> Result<Self, ApiError> {
        let words: Vec<&str> = Category::ALL.iter().map(|category| category.name()).collect();
        Ok(Self {
            paging: Paging::take(params)?,
            category: params.get("category", &words.join(", "), Category::from_name)?,
            brand: params.text("brand").map(brand::canonical),
        })
    }
}

/// The products with what counts of each, of the newest list first
#[utoipa::path(get, path = "/api/v1/products", operation_id = "listProducts", tag = "retailer",
    params(Paging,
        ("category" = inline(Option<CategoryWord>), Query, description = "Of this category alone"),
        ("brand" = Option<String>, Query, description = "Of this brand alone, by any of its names")),
    responses((status = 200, description = "A page of products", body = ListView<ProductView>)))]
pub async fn list_products(
    ProductReader(caller): ProductReader,
    Asked(asked): Asked<ProductsAsked>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let ProductsAsked { paging, category, brand } = asked;
    let reading = paging.of(caller.actor.id, "products")?;
    let rows = service.division.read(move |tx| tx.products(category, brand.as_deref(), reading.page())).await?;
    Ok(HttpResponse::Ok().json(reading.list(rows, |row| row.id, |row| ProductView::from(&row))))
}

/// The trade item number in the path; what is none is the number of nothing, and so `NOT_FOUND`.
#[derive(Clone, Debug)]
pub struct ProductPath(String);

impl FromRequest for ProductPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let digits = |text: &&str| (8..=14).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let gtin = request.match_info().get("gtin").filter(digits).map(|text| Self(text.to_owned()));
        ready(gtin.ok_or_else(ApiError::not_found))
    }
}

/// A product by its trade item number, with everything that was ever listed of it
#[utoipa::path(get, path = "/api/v1/products/{gtin}", operation_id = "getProduct", tag = "retailer",
    params(("gtin" = String, Path, description = "Trade item number (GTIN) of 8, 12, 13 or 14 digits")),
    responses((status = 200, description = "The product", body = ProductWithEntriesView)))]
pub async fn get_product(
    _: ProductReader,
    ProductPath(gtin): ProductPath,
    _: Asked<Nothing>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let entries = service.division.read(move |tx| tx.product_entries(&gtin, ENTRIES)).await?;
    let view = ProductWithEntriesView::of(&entries).ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Ok().json(view))
}
